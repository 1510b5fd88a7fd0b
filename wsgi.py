"""Where gunicorn and `flask` find the app."""

import sys

from coaching import create_app
from coaching.config import SettingError

try:
    app = create_app()
except SettingError as error:
    sys.exit(f"Cannot start: {error}")
