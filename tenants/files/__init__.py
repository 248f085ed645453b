"""Tenants as YAML files: read with lines for people, written byte-stable."""
