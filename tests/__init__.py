"""The tests. `conftest.py` says what each of them is given."""
