"""Measures the app: always against something else on the same machine, in turns, as a ratio."""
