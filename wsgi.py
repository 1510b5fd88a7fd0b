"""Where gunicorn and `flask` find the app."""

import sys

import click

from coaching import create_app, health
from coaching.config import SettingError, refuse_public_demo

try:
    app = create_app()
    command = click.get_current_context(silent=True)
    if command is None or command.info_name == "run":  # no other command lets people in
        refuse_public_demo(app.config)
    if command and command.info_name == "run":  # gunicorn asks by itself, once: see gunicorn.conf.py
        health.refuse_without_database(app)
except SettingError as error:
    sys.exit(f"Cannot start: {error}")
