"""What a process does beside its requests, from its start to its end."""
