"""Whom one can talk to: the coaches and what they offer."""
