"""The kit for app developers: its reference client and its golden vectors."""
