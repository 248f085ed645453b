"""The role matrix: what everybody is answered, written by hand, read by people and executed."""
