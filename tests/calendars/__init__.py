"""Tests of `coaching/calendars`: what it writes is read back with programs that are not ours."""
