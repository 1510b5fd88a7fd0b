"""The commands: adding people, and filling an empty database with demo data."""

import os
import re
import signal
import sys
import threading

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from werkzeug.datastructures import MultiDict

from coaching import demo, letters, mail, outbox, times
from coaching.auth import queries, rules
from coaching.auth.forms import PersonForm
from coaching.extensions import Refusal, saving
from coaching.formatting import person_option
from coaching.models import Purpose, Role
from coaching.text import one_line, printable

NO_MAIL = "COACHING_MAIL does not say how mail is sent."
ADDRESS = re.compile(r"""("[^"]*"|[^\s<>"'(),:;]+)@[^\s<>"'(),;]+""")

people = AppGroup("people", help="Add people, and list them.")
mails = AppGroup("mail", help="Send mails.")


@people.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", required=True)
@click.option("--phone", required=True, help="With + and the country, such as '+44 20 7946 0958'.")
@click.option("--zone", required=True, help="An IANA time zone, such as Europe/London.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
def add(email: str, role: str, name: str, phone: str, zone: str, *, password_stdin: bool) -> None:
    """Add a person, and print their id. Without a password they cannot sign in."""
    try:
        password = sys.stdin.buffer.readline().decode().rstrip("\r\n") if password_stdin else None
    except UnicodeDecodeError:
        raise click.ClickException("password: It is not written in UTF-8.") from None
    typed = {"email": email, "name": name, "phone": phone, "time_zone": zone, "password": password or ""}
    form = PersonForm(MultiDict(typed), meta={"csrf": False})
    if not password_stdin:
        del form.password
    if not form.validate():
        raise click.ClickException("; ".join(f"{field}: {' '.join(faults)}" for field, faults in form.errors.items()))
    password_hash = None if password is None else rules.slow_hash(password)
    try:
        with saving():
            person = rules.register(role=Role(role), **form.said(), password_hash=password_hash, now=times.now())
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(person.id)


@people.command("link")
@click.argument("email")
def link(email: str) -> None:
    """Print a link with which a person chooses a new password: to hand it over where no mail is sent."""
    person = queries.person_with_address(email.strip().lower())
    if person is None:
        raise click.ClickException("Nobody signs in with this address.")
    token = rules.new_token()
    with saving():
        rules.give_link(person, Purpose.RESET, person.email, token, lasts=rules.RESET_LASTS, now=times.now())
    click.echo(mail.link("auth.reset", token=token))


@people.command("list")
def list_() -> None:
    """Print everybody: id, role, name, e-mail and time zone, but no phone number."""
    for person in queries.everybody():
        click.echo(f"{person.id}\t{person.role}\t{person.name}\t{person.email}\t{person.time_zone}")


@mails.command("work")
@click.option("--until-done", is_flag=True, help="End when nothing is due any more, instead of waiting for more.")
@click.option("--parent", type=int, metavar="PID", help="End when this process, which started it, has ended.")
def work(*, until_done: bool, parent: int | None) -> None:
    """Send the mails that are due, and go on until SIGTERM. Several may run at once."""
    if not mail.is_sent():
        raise click.ClickException(NO_MAIL)
    is_over = threading.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_: is_over.set())  # the mail that is being sent just now is still sent
    if parent:
        threading.Thread(target=_end_with, args=[parent, is_over], daemon=True).start()
    letters.work(is_over=is_over, until_done=until_done)


@mails.command("status")
def status() -> None:
    """Print how many mails wait, are late, and could not be sent lately. Ends with 1 where any is an hour late."""
    if not mail.is_sent():
        raise click.ClickException(NO_MAIL)
    found = outbox.status(now=times.now())
    click.echo(f"waiting\t{found.waiting}\nlate\t{found.late}\ngiven up\t{found.given_up}")
    for email in found.last_given_up:
        said = ADDRESS.sub("…", one_line(printable(email.error)))  # servers like to repeat to whom
        click.echo(f"{email.id}\t{email.kind}\t{email.dropped_at:%Y-%m-%d %H:%M} UTC\t{said}")
    sys.exit(1 if found.very_late else 0)


def _end_with(parent: int, is_over: threading.Event) -> None:
    while os.getppid() == parent:
        is_over.wait(1)
    is_over.set()


@click.command("demo")
@with_appcontext
@click.option("--if-empty", is_flag=True, help="Do nothing, quietly, where there are people already.")
def fill(*, if_empty: bool) -> None:
    """Fill an empty database with demo people, slots, sessions and feedback around now."""
    with saving():
        if queries.is_anybody_there():
            if if_empty:
                return
            raise click.ClickException("There are people in this database already. Nothing was changed.")
        demo.fill(now=times.now())
    click.echo("The demo is set up. Its people have no passwords: choose one under “Acting as”.")


@people.command("whom")
def whom() -> None:
    """Print whom one can act as in a demo: a few coaches and students, and how many there are."""
    if not current_app.config["DEMO"]:
        raise click.ClickException("Only in a demo can one act as others.")
    everybody = queries.people_to_act_as()
    for role in (Role.COACH, Role.STUDENT):
        those = [person_option(person) for person in everybody if person.role == role]
        more = f" and {len(those) - 3} more" if len(those) > 3 else ""
        click.echo(f"  {', '.join(those[:3])}{more}")


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(people)
    app.cli.add_command(mails)
    app.cli.add_command(fill)
