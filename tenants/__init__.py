"""The domain: tenants, their configs, the rules, and where they are stored."""
