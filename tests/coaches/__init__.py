"""Tests of what is said about coaches."""
