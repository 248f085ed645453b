"""Answers to softphones, kept in memory for as long as they are true."""
