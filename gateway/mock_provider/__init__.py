"""A provider to try things with; its behaviours are chosen by username."""
