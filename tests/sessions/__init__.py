"""Tests of `coaching/sessions`."""
