"""How gunicorn serves the app; anything here can be overruled on its command line."""

import os
import sys
from typing import Any

from coaching import health, logs
from coaching.config import SettingError


def _number(name: str, default: int, at_most: int) -> int:
    """Read a whole number from 1 up. What is wrong stops the start with one line that names it."""
    value = os.environ.get(name) or str(default)
    if value.isascii() and value.isdigit() and 1 <= int(value) <= at_most:
        return int(value)
    sys.exit(f"Cannot start: {name} must be a whole number from 1 to {at_most}, not {value!r}.")


bind = f"127.0.0.1:{_number('PORT', 5000, 65535)}"
# Python computes on one core per process; two per core keep the cores busy while some processes wait.
# Every thread may hold a database connection: 8 x 8 stays well under the 100 that PostgreSQL allows by default.
workers = _number("WEB_CONCURRENCY", max(2, min(2 * (os.cpu_count() or 1), 8)), 64)
# Sync workers and fewer threads were as quick (bench/results.json, "servers"), but a slow client then holds up others.
worker_class = "gthread"
threads = 8
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a beat must not wait for a disk
keepalive = 75  # as long as nginx keeps its side: a form that is sent after a while must not meet a closed door
graceful_timeout = 35  # SIGTERM lets requests end; one may wait 30 seconds for its turn to write to SQLite
preload_app = True  # a wrong setting then stops the start, with one line, instead of one worker after the other
control_socket_disable = True
forwarded_allow_ips = ""  # COACHING_PROXIES alone says whose X-Forwarded-… counts, on loopback too

accesslog = None  # the app writes down its requests itself, without what a client put into their addresses
logconfig_dict = logs.configuration()


def on_starting(server: Any) -> None:
    """Stop the start where there is no database to serve from."""
    try:
        health.refuse_without_database(server.app.wsgi())
    except SettingError as error:
        sys.exit(f"Cannot start: {error}")
