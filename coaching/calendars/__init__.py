"""Sessions in the calendars that people use anyway: files to take along, and an address that a program reads."""
