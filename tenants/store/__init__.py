"""Every query, each behind a scope."""
