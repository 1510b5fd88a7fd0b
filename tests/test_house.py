"""How the code is laid out and closed, where no other tool keeps watch over it."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from jinja2 import StrictUndefined, nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from packaging.requirements import Requirement

from coaching import create_app, guard
from coaching.config import SettingError
from coaching.extensions import saving
from coaching.models import Role
from coaching.terms import Terms
from tests.databases import ROOT

TEMPLATES = ROOT / "coaching" / "templates"
MODULES = [
    *sorted((ROOT / "coaching").rglob("*.py")),
    *sorted((ROOT / "migrations").rglob("*.py")),
    ROOT / "wsgi.py",
    ROOT / "gunicorn.conf.py",
]
VIEWS = [path for path in MODULES if path.name in {"views.py", "account.py", "start.py", "health.py"}]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


# Doors


@pytest.mark.parametrize("demo", ["1", "0"])
def test_every_door_says_whom_it_is_for(new_app, demo):
    app = new_app(COACHING_DEMO=demo)
    with app.app_context():
        silent = [rule.rule for rule in app.url_map.iter_rules() if not guard.for_whom(rule.endpoint)]
    assert silent == []


def test_a_door_that_does_not_say_is_closed_to_everybody(new_app, new_client, make):
    app = new_app()
    app.add_url_rule("/forgotten", "forgotten", view_func=lambda: pytest.fail("it ran"), methods=["GET", "POST"])
    client = new_client(app)
    asked_in = client.get("/forgotten")
    assert (asked_in.status, asked_in.location) == (302, "/auth/sign-in?next=/forgotten")
    assert client.post("/forgotten").status == 302
    for person in (make.student(), make.coach()):
        client.sign_in(person)
        assert [client.get("/forgotten").status, client.post("/forgotten").status] == [403, 403]


def test_outside_a_demo_nobody_can_be_somebody_else(new_app):
    def doors(app: Flask) -> set[str]:
        return {rule.rule for rule in app.url_map.iter_rules()}

    assert doors(new_app(COACHING_DEMO="1")) - doors(new_app(COACHING_DEMO="0")) == {"/auth/switch"}


def test_every_door_is_for_somebody_who_exists(app):
    with app.app_context():
        for rule in app.url_map.iter_rules():
            assert guard.for_whom(rule.endpoint) <= {guard.STRANGER, *Role}, rule.rule


# Modules


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_says_what_it_is(path):
    said = ast.get_docstring(ast.parse(path.read_text()))
    assert said
    assert said.splitlines()[0].endswith(".")


def test_no_view_is_longer_than_25_lines():
    lengths = {
        f"{name(path)}:{view.name}": (view.end_lineno or 0) - view.lineno + 1
        for path in VIEWS
        for view in functions(path)
    }
    assert lengths, "there are views"
    assert {view: length for view, length in lengths.items() if length > 25} == {}


@pytest.mark.parametrize("path", [path for path in MODULES if path.name in {"rules.py", "queries.py"}], ids=name)
def test_rules_and_queries_are_told_the_time(path):
    for function in functions(path):
        arguments = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        assert not [said for argument, said in arguments if argument.arg == "now" and said], function.name
    assert "times.now" not in path.read_text()
    assert "datetime.now" not in path.read_text()


def test_the_migrations_form_one_line():
    directory = ScriptDirectory(str(ROOT / "migrations"))
    assert len(directory.get_heads()) == len(directory.get_bases()) == 1


# Templates


def templates() -> list[str]:
    """Return the templates of pages; those of mails are filled in another way."""
    paths = [path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*.html")]
    return sorted(str(path) for path in paths if path.parts[0] != "mails")


def shown() -> list[tuple[str, set[str]]]:
    """Read from the code which templates are shown, and with what: `page("sessions/show.html", call=call)`."""
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "page":
                [template] = node.args
                assert isinstance(template, ast.Constant), f"{name(path)}:{node.lineno} shows a template without a name"
                given = {str(keyword.arg) for keyword in node.keywords} - {"status"}
                found.append((str(template.value), given | {"form", "status"}))
    return found


class Sources:
    """The templates as Jinja reads them."""

    def __init__(self, app: Flask) -> None:
        self.env = app.jinja_env
        self.trees = {path: self.env.parse((TEMPLATES / path).read_text()) for path in templates()}

    def parts(self, template: str) -> set[str]:
        """Return what a template extends, imports or includes, and what those do in turn.

        Where the name of an included one is put together, it may be any that begins so and is not shown by itself.
        """
        tree = self.trees[template]
        found = {str(part) for part in find_referenced_templates(tree) if part}
        for node in tree.find_all(nodes.Include):
            if isinstance(node.template, nodes.Concat):
                start, alone = str(node.template.nodes[0].as_const()), {path for path, _ in shown()}
                found |= {path for path in self.trees if path.startswith(start) and path not in alone}
        return found.union(*(self.parts(part) for part in found))

    def names(self, template: str) -> set[str]:
        """Return what a template names itself: in a loop, by `set`, or by `import`."""
        tree = self.trees[template]
        imported = {node.target for node in tree.find_all(nodes.Import)}
        return imported | {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}

    def given_to_all(self, app: Flask) -> set[str]:
        """Return what every template is given: by Flask, the extensions, and the app."""
        context: dict[str, object] = {}
        with app.test_request_context("/"):
            app.update_template_context(context)
        return context.keys() | self.env.globals.keys()


def test_no_template_names_what_it_is_not_given(app):
    sources, faults = Sources(app), {}
    for template, given in shown():
        whole = {template} | sources.parts(template)
        known = sources.given_to_all(app) | given | set().union(*(sources.names(part) for part in whole))
        for part in whole:
            if missing := find_undeclared_variables(sources.trees[part]) - known:
                faults[f"{template}: {part}"] = missing
    assert faults == {}


def test_every_template_is_used_and_every_filter_in_it_known(app):
    sources, used = Sources(app), {template for template, _ in shown()}
    for template in templates():
        app.jinja_env.get_template(template)  # an unknown filter does not compile
    assert set(templates()) == used.union(*(sources.parts(template) for template in used))


def test_an_undefined_name_is_an_error(app):
    assert app.jinja_env.undefined is StrictUndefined
    assert app.jinja_env.autoescape is not False


@pytest.mark.parametrize("template", templates())
def test_no_template_shows_anything_unescaped(template):
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup", (TEMPLATES / template).read_text())


# Packages


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_and_is_what_the_tests_run_on(file):
    lines = [line.split(" #")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert {"flask", "sqlalchemy"} <= {pin.name for pin in pins} or file != "requirements.txt"
    for pin in pins:
        assert re.fullmatch(r"==[0-9][^*]*", str(pin.specifier)), f"{pin} is not exact"
        if pin.marker is None or pin.marker.evaluate():
            assert version(pin.name) == str(pin.specifier).removeprefix("=="), f"{pin.name} is another one here"


# Settings

GOOD = {"SECRET_KEY": "a long random text", "DATABASE_URL": "sqlite://", "COACHING_DEMO": "0"}


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        ("SECRET_KEY", ""),
        ("COACHING_DEMO", "yes"),
        ("COACHING_DEMO", "2"),
        ("COACHING_DEMO", "true"),
        ("COACHING_PROXIES", "-1"),
        ("COACHING_PROXIES", "10"),
        ("COACHING_PROXIES", "one"),
        ("COACHING_PROXIES", "1.5"),
        ("COACHING_PROXIES", "²"),
        ("COACHING_NOTICE_MINUTES", "-1"),
        ("COACHING_SOONEST_MINUTES", "20161"),
        ("COACHING_FURTHEST_DAYS", "a month"),
        ("COACHING_OPEN_BOOKINGS", "1001"),
        ("COACHING_URL", "calls.example.org"),
        ("COACHING_URL", "ftp://calls.example.org"),
        ("COACHING_URL", "https://"),
        ("COACHING_URL", "https://["),
        ("COACHING_URL", "https://calls.example.org/?a=b"),
        ("COACHING_URL", "https://calls.example.org/#top"),
        ("COACHING_URL", "https://ana:secret@calls.example.org"),
        ("COACHING_URL", "https://calls .example.org"),
        ("COACHING_URL", "https://calls.example.org\n"),
        ("COACHING_URL", "https://:80"),
        ("COACHING_HOSTS", ","),
        ("COACHING_HOSTS", "*"),
        ("COACHING_HOSTS", "a b"),
        ("COACHING_HOSTS", "https://calls.example.org"),
        ("COACHING_MAIL", "sendmail"),
        ("COACHING_MAIL", "smtp:mail.example.org"),
        ("COACHING_MAIL", "smtp://"),
        ("COACHING_MAIL", "smtp://mail..example.org"),
        ("COACHING_MAIL", "smtp://mail.example.org:0"),
        ("COACHING_MAIL", "smtp://mail.example.org:65536"),
        ("COACHING_MAIL", "smtp://mail.example.org/inbox"),
        ("COACHING_MAIL", "smtp://mail.example.org?tls=no"),
        ("COACHING_MAIL", "smtps://mail.example.org?tls=off"),
        ("COACHING_MAIL", "smtp://mail.example.org\n"),
        ("COACHING_MAIL", "https://mail.example.org"),
        ("PORT", "9" * 5000),
        ("DATABASE_URL", "mysql://localhost/coaching"),
        ("DATABASE_URL", "/var/lib/coaching.sqlite3"),
        ("DATABASE_URL", "sqlite:coaching.sqlite3"),
        ("DATABASE_URL", "sqlite://coaching.sqlite3"),
        ("DATABASE_URL", "postgresql://["),
        ("DATABASE_URL", "postgresql://ana:a%zz@localhost/coaching"),
        ("DATABASE_URL", "postgresql://localhost/coaching?unheard=of"),
        ("COACHING_DEMOS", "1"),
        ("COACHING_PROXY", "1"),
        ("COACHING_", "1"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_line_that_names_it(wrong, value, tmp_path):
    with pytest.raises(SettingError) as error:
        create_app({**GOOD, wrong: value}, tmp_path)
    said = str(error.value)
    assert wrong in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "url", ["postgresql://u:s3cret@[::1/db", "postgresql://u:s3cret@h/db?x=y", "mysql://u:s3cret@h"]
)
def test_a_wrong_address_of_the_database_is_not_repeated_with_its_password(url, tmp_path):
    with pytest.raises(SettingError) as error:
        create_app({**GOOD, "DATABASE_URL": url}, tmp_path)
    assert "s3cret" not in str(error.value)
    assert error.value.__suppress_context__ or not error.value.__context__, "nor does a traceback"


@pytest.mark.parametrize(
    "url",
    [
        "smtp://u:s3cret",
        "smtp://u:s3cret@",
        "smtp://u:s3cret@h:port",
        "smtp://u:s3cret@@h",
        "smtp://u:s3cret%zz@h",
        "smtp://u:s3cret%0d%0aQUIT@h",
        "smtp://u:s3cret%c3%a9@h",
        "smtp://u:s3cret%ff@h",
        "smtps://u:s3cret@h?tls=off",
        "smtp//u:s3cret@h",
    ],
)
def test_a_wrong_mail_server_is_not_repeated_with_its_password(url, tmp_path):
    with pytest.raises(SettingError, match="COACHING_MAIL") as error:
        create_app({**GOOD, "COACHING_MAIL": url}, tmp_path)
    assert "s3cret" not in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__ or not error.value.__context__, "nor does a traceback"


def test_what_is_saved_all_or_nothing_is_not_saved_by_halves(app):
    with app.app_context():
        with pytest.raises(RuntimeError, match="inside"), saving(), saving():
            pass
        with saving():
            pass  # and the next one is as before


def test_where_nothing_could_ever_be_booked_the_start_stops(tmp_path):
    soonest = {**GOOD, "COACHING_SOONEST_MINUTES": "1440"}
    with pytest.raises(SettingError, match=r"COACHING_SOONEST_MINUTES must be less than COACHING_FURTHEST_DAYS"):
        create_app({**soonest, "COACHING_FURTHEST_DAYS": "1"}, tmp_path)
    for furthest in ("0", "2"):
        assert create_app({**soonest, "COACHING_FURTHEST_DAYS": furthest}, tmp_path)


def test_a_missing_secret_stops_the_start_with_a_line_that_names_it(tmp_path):
    with pytest.raises(SettingError, match="SECRET_KEY is missing"):
        create_app({"DATABASE_URL": "sqlite://"}, tmp_path)
    assert list(tmp_path.iterdir()) == [], "outside a demo no secret is made up"


def test_a_demo_makes_a_secret_of_its_own_and_keeps_it(tmp_path):
    first, again = (create_app({"COACHING_DEMO": "1"}, tmp_path).config["SECRET_KEY"] for _ in range(2))
    assert first == again
    assert len(first) == 64
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0, "others on this machine could read it"


def test_settings_of_others_are_none_of_our_business(tmp_path):
    app = create_app({**GOOD, "PATH": "/bin", "FLASK_DEBUG": "0", "COACHINGS": "1"}, tmp_path)
    assert app.config["DEMO"] is False


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ({}, {"TRUSTED_HOSTS": ["localhost", "127.0.0.1", "[::1]"], "URL": "http://127.0.0.1:5000"}),
        ({"PORT": "8080"}, {"URL": "http://127.0.0.1:8080"}),
        ({"COACHING_HOSTS": " a.example , b.example"}, {"TRUSTED_HOSTS": ["a.example", "b.example"]}),
        ({"COACHING_URL": "https://a.example/"}, {"URL": "https://a.example"}),
        ({"COACHING_URL": "http://[::1]:5000/calls"}, {"URL": "http://[::1]:5000/calls"}),
        ({"COACHING_HOSTS": ".a.example, [::1]"}, {"TRUSTED_HOSTS": [".a.example", "[::1]"]}),
        ({"COACHING_DEMO": ""}, {"DEMO": False, "SESSION_COOKIE_SECURE": True}),
        ({"COACHING_DEMO": "0"}, {"DEMO": False, "SESSION_COOKIE_NAME": "__Host-coaching"}),
        ({"COACHING_DEMO": "1"}, {"DEMO": True, "SESSION_COOKIE_SECURE": False}),
        ({"SECRET_KEY": "another of 16 ch"}, {"SECRET_KEY": "another of 16 ch"}),
        ({"COACHING_MAIL": "files"}, {"MAIL": "files"}),
        (
            {"COACHING_MAIL": "smtp://mail.example.org"},
            {"MAIL": "smtp", "MAIL_SERVER": "mail.example.org", "MAIL_PORT": 587, "CONFIRMS": True}
            | {"MAIL_USE_TLS": True, "MAIL_USE_SSL": False, "MAIL_USERNAME": "", "MAIL_PASSWORD": ""},
        ),
        (
            {"COACHING_MAIL": "smtps://calls%40example.org:a%3Ab%40c%2F%25@mail.example.org", "COACHING_DEMO": "1"},
            {"MAIL": "smtp", "MAIL_USERNAME": "calls@example.org", "MAIL_PASSWORD": "a:b@c/%"}
            | {"MAIL_PORT": 465, "MAIL_USE_TLS": False, "MAIL_USE_SSL": True},
        ),
        ({"COACHING_MAIL": "smtp://mail_server:25"}, {"MAIL_PORT": 25, "MAIL_USE_TLS": True}),
        ({"COACHING_MAIL": "smtp://mail?tls=off"}, {"MAIL_PORT": 25, "MAIL_USE_TLS": False, "MAIL_USE_SSL": False}),
        ({"COACHING_MAIL": "smtp://mail:2525?tls=off"}, {"MAIL_PORT": 2525, "MAIL_USE_TLS": False}),
        ({"COACHING_MAIL": "smtp://localhost"}, {"MAIL_SERVER": "localhost", "MAIL_PORT": 25, "MAIL_USE_TLS": False}),
        ({"COACHING_MAIL": "smtp://[::1]:1025"}, {"MAIL_SERVER": "::1", "MAIL_PORT": 1025, "MAIL_USE_TLS": False}),
        ({"COACHING_MAIL": "smtp://127.0.0.1.example.org"}, {"MAIL_USE_TLS": True}),
        ({"COACHING_MAIL": "smtps://localhost"}, {"MAIL_PORT": 465, "MAIL_USE_SSL": True}),
        ({}, {"TERMS": Terms()}),
        ({"COACHING_NOTICE_MINUTES": "90"}, {"TERMS": Terms(notice=timedelta(minutes=90))}),
        ({"COACHING_SOONEST_MINUTES": "120"}, {"TERMS": Terms(soonest=timedelta(hours=2))}),
        ({"COACHING_FURTHEST_DAYS": "30"}, {"TERMS": Terms(furthest=timedelta(days=30))}),
        ({"COACHING_OPEN_BOOKINGS": "2", "COACHING_BOOKINGS": "9"}, {"TERMS": Terms(most_open=2, an_hour=9)}),
    ],
)
def test_a_setting_means_what_the_contract_says(given, means, tmp_path):
    app = create_app({**GOOD, **given}, tmp_path)
    assert {key: app.config[key] for key in means} == means
