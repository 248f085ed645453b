"""What each root field does, by noun."""
