"""`flask mail status`: how sending goes, for people and for monitoring."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from coaching.extensions import db, saving
from coaching.models import Email
from coaching.sessions import rules
from tests.make import NOW, at

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def status(app):
    """Says what the command says, and its exit code."""

    def asks():
        done = app.test_cli_runner().invoke(args=["mail", "status"])
        return done.exit_code, done.output.splitlines()

    return asks


@pytest.fixture
def mails(app, make, do):
    """A booking's six mails, of which two are due; returns what changes one of them, counted from 0."""
    make_it = make.slot(make.coach("Ana"), at("2026-03-05 10:00"))
    session = do(rules.book, make_it, make.student("Sam", email="sam@example.org"), now=NOW)
    with app.app_context():
        asked = db.select(Email.id).where(Email.session_id == session.id, Email.kind == "booked").order_by(Email.id)
        ids = db.session.scalars(asked).all()

    def change(number, **what):
        with app.app_context(), saving():
            db.session.execute(update(Email).where(Email.id == ids[number]).values(**what))
        return ids[number]

    return change


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize(("minutes", "late", "code"), [(0, 0, 0), (15, 0, 0), (16, 2, 0), (60, 2, 0), (61, 2, 1)])
def test_it_counts_what_waits_and_what_is_late(status, clock, minutes, late, code):
    _, [before, *_] = status()
    clock.shift(minutes * MINUTE)
    assert status() == (code, [before, f"late\t{late}", "given up\t0"])
    assert int(before.removeprefix("waiting\t")) >= 6


def test_what_is_tried_again_later_is_late_all_the_same(status, mails, clock):
    mails(0, next_at=NOW + DAY, attempts=5, error="NotNow: 451 Later")
    clock.shift(20 * MINUTE)
    assert status()[1][1] == "late\t2"


def test_it_names_what_could_not_be_sent_but_nobody(status, mails):
    said = 'SMTPServerDisconnected: <sam@example.org> "Sam S"@example.org, sam@example.org: \x1b[2J\nno'
    first = mails(0, dropped_at=NOW - DAY, why="The mail server refuses this address.", error=said)
    second = mails(1, dropped_at=NOW, why="It could not be sent, 12 times.", error="TimeoutError: timed out")
    code, [_, late, given_up, *lines] = status()
    assert (code, late, given_up) == (0, "late\t0", "given up\t2")
    assert lines == [
        f"{second}\tbooked\t2026-03-02 08:00 UTC\tTimeoutError: timed out",
        f"{first}\tbooked\t2026-03-01 08:00 UTC\tSMTPServerDisconnected: <…> …, … [2J no",
    ]


def test_what_was_given_up_long_ago_or_for_another_reason_is_not_its_business(status, mails):
    mails(0, dropped_at=NOW - 8 * DAY, why="The mail server refuses this address.", error="550 No")
    mails(1, dropped_at=NOW, why="The session has changed since.")
    assert status()[1][2:] == ["given up\t0"]


def test_where_no_mail_is_sent_it_says_so(new_app):
    app = new_app(COACHING_DEMO="0", SECRET_KEY="x" * 32)
    done = app.test_cli_runner().invoke(args=["mail", "status"])
    assert (done.exit_code, done.output) == (1, "Error: COACHING_MAIL does not say how mail is sent.\n")
