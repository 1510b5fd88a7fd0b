"""Tests of `coaching/auth`."""
