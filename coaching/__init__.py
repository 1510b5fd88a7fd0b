"""Schedules the 1-on-1 calls of a coaching programme."""

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from coaching import assets, cli, errors, extensions, formatting, guard, health, logs, mail, pages, start
from coaching.auth import account  # noqa: F401  # more views of `auth`
from coaching.auth import views as auth
from coaching.calendars import views as calendars
from coaching.coaches import views as coaches
from coaching.config import Settings
from coaching.news import views as news
from coaching.sessions import many  # noqa: F401  # more views of `sessions`
from coaching.sessions import views as sessions
from coaching.slots import views as slots

ROOT = Path(__file__).resolve().parent.parent


def create_app(environ: Mapping[str, str] = os.environ, instance: Path = ROOT / "instance") -> Flask:
    """Build the app from the settings in `environ`. Raises SettingError where one is missing or wrong."""
    settings = Settings.read(environ, instance)

    app = Flask(__name__, instance_path=str(instance))
    app.config.from_mapping(settings.for_flask())
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    logs.init_app(app)  # first in, last out: it sees every request, and what became of it
    app.before_request(guard.check)  # before the extensions, so that a stranger is asked in before all else
    extensions.init_app(app, settings.database_url)
    mail.init_app(app)
    formatting.init_app(app)
    pages.init_app(app)
    errors.init_app(app)

    auth.init_app(app)
    app.register_blueprint(coaches.bp)
    app.register_blueprint(slots.bp)
    app.register_blueprint(sessions.bp)
    calendars.init_app(app)
    news.init_app(app)

    app.register_blueprint(start.bp)
    app.register_blueprint(health.bp)
    cli.init_app(app)

    for files in assets.ENDPOINTS:
        guard.public(app.view_functions[files])
    assets.init_app(app)  # before the app, where it is asked for a file
    if settings.proxies:  # before all: from here on it is known who really asks
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    return app
