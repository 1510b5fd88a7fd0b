"""Tests of `coaching/slots`."""
