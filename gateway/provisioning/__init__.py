"""Signing a user in through the provider: the use case."""
