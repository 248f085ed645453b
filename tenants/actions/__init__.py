"""What can be done to a tenant: one use case a function, one transaction each."""
