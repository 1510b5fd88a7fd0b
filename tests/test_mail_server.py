"""Mails handed to a real mail server: to whom, to which server, and what becomes of them when something goes wrong."""

import socket
import threading
from contextlib import ExitStack
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from functools import cache

import pytest
import trustme
from sqlalchemy import select

from coaching import letters, outbox, smtp
from coaching.extensions import db
from coaching.models import Email
from coaching.sessions import rules
from tests.mailing import ELSEWHERE, Server, free_port, speaks_tls
from tests.make import NOW, at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = at("2026-03-05 10:00")  # in three days


@pytest.fixture
def serve():
    """Opens a mail server: `serve()`, `serve(ELSEWHERE, tls_context=…)`."""
    with ExitStack() as open_:
        yield lambda *where, **how: open_.enter_context(Server(*where, **how))


@pytest.fixture
def book(make, do):
    """Books a call, of which both are told by mail."""
    days = iter(range(100))

    @cache
    def known(role):
        return make.student(email="sam@example.org") if role == "student" else make.coach(email="ana@example.org")

    def books(student=None, coach=None):
        slot = make.slot(coach or known("coach"), BEGINS + next(days) * DAY)
        return do(rules.book, slot, student or known("student"), now=NOW)

    return books


@pytest.fixture
def tried(app):
    """What became of the mails that were tried: to whom, how often, whether sent, why not, and what was said."""

    def asks():
        with app.app_context():
            asked = select(Email).options(db.joinedload(Email.person)).where(Email.attempts > 0)
            return {
                email.person.email: (email.attempts, email.sent_at is not None, email.why, email.error)
                for email in db.session.scalars(asked.order_by(Email.id))
            }

    return asks


@pytest.fixture
def send(new_app, tried):
    """Sends what is due by a server, as a worker does, until nothing is; returns what became of all so far."""

    def sends(server, now=NOW):
        url = server if isinstance(server, str) else server.url
        with new_app(COACHING_MAIL=url).app_context():
            letters.work(is_over=threading.Event(), until_done=True, now=lambda: now)
        return tried()

    return sends


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """Says who servers are, and is believed on this machine."""
    known = trustme.CA()
    known.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return known


# To whom, and what

NAMES = [
    "Doe, Jane",
    'Jane "JD" Doe',
    "<b>Jane</b> <evil@example.org>",
    "Jane\r\nBcc: evil@example.org",
    "جين دو",
    "Jane 🎉, née O'Doe; (x)",
    "Jäne, Doe " * 7,
]


def who_reads(taken):
    """Return name and address in a header; Python's newer parser puts a blank where a long name is folded."""
    name, address = parseaddr(message_from_bytes(taken.content)["To"])
    return str(make_header(decode_header(name))), address


def test_each_mail_goes_to_one_reader_and_arrives_as_it_was_written(make, book, serve, send):
    names = {f"reader-{number}@example.org": " ".join(name.split()) for number, name in enumerate(NAMES)}
    for email, name in zip(names, NAMES, strict=True):
        book(make.student(name, email=email), make.coach(name, email=f"coach-of-{email}"))
    became = send(server := serve())
    told = {taken.recipients[0]: taken for taken in server.mails}
    assert sorted(told) == sorted([*names, *(f"coach-of-{email}" for email in names)])
    assert len(server.mails) == len(told)
    for email, name in names.items():
        for to in (email, f"coach-of-{email}"):
            taken = told[to]
            assert (taken.sender, taken.recipients) == ("calls@127.0.0.1", [to])
            assert [address.addr_spec for address in taken.message["To"].addresses] == [to]
            assert who_reads(taken) == (name, to)
            assert (taken.message["Cc"], taken.message["Bcc"]) == (None, None)
            assert name in taken.message["Subject"]
            assert name in taken.message.get_body(["plain"]).get_content().replace("\r", "")
            assert taken.content.isascii(), "not every server takes more"
            assert b"\n" not in taken.content.replace(b"\r\n", b"")
    assert all(is_sent for _, is_sent, *_ in became.values())


def test_a_domain_of_other_letters_is_written_as_every_server_reads_it(make, book, serve, send):
    book(make.student(email="bo@bücher.example"))
    send(server := serve())
    [taken] = [taken for taken in server.mails if taken.recipients != ["ana@example.org"]]
    assert taken.recipients == ["bo@xn--bcher-kva.example"]
    assert taken.message["To"].addresses[0].addr_spec == "bo@xn--bcher-kva.example"


def test_an_address_of_other_letters_is_mailed_by_a_server_that_knows_them(make, book, serve, send):
    book(make.student("Jörg", email="jörg@bücher.example"))
    send(server := serve(enable_SMTPUTF8=True))
    to = {taken.recipients[0]: taken for taken in server.mails}
    assert sorted(to) == ["ana@example.org", "jörg@xn--bcher-kva.example"]
    assert "Jörg <jörg@xn--bcher-kva.example>" in to["jörg@xn--bcher-kva.example"].content.decode()


def test_by_another_it_is_given_up_and_all_others_are_sent(make, book, serve, send):
    book(make.student(email="jörg@example.org"))
    became = send(server := serve(enable_SMTPUTF8=False))
    assert [taken.recipients for taken in server.mails] == [["ana@example.org"]]
    why = "The mail server takes no address with letters such as these."
    assert became["jörg@example.org"] == (1, False, why, "It has no SMTPUTF8.")


def test_no_connection_to_the_database_is_held_while_the_server_takes_its_time(book, serve, new_app):
    book()
    server, seen = serve(), []
    app = new_app(COACHING_MAIL=server.url)
    with app.app_context():
        pool = db.engine.pool
        server.on_mail = lambda: seen.append(pool.checkedout())
        letters.work(is_over=threading.Event(), until_done=True, now=lambda: NOW)
    assert seen == [0, 0]


# To which server


def test_it_signs_in_once_it_knows_who_the_server_is(book, serve, send, authority):
    book()
    tls = speaks_tls(authority.issue_cert(ELSEWHERE))
    server = serve(ELSEWHERE, password="a%3Ab%40c", tls_context=tls, require_starttls=True, auth_required=True)
    send(server)
    assert len(server.mails) == 2
    assert set(server.said) == {("calls", "a:b@c")}


def test_so_it_does_where_all_is_said_by_tls(book, serve, send, authority):
    book()
    tls = speaks_tls(authority.issue_cert(ELSEWHERE))
    server = serve(ELSEWHERE, scheme="smtps", password="secret", ssl_context=tls, auth_require_tls=False)
    send(server)
    assert len(server.mails) == 2
    assert set(server.said) == {("calls", "secret")}


@pytest.mark.parametrize("whose", ["of nobody", "of another"])
def test_who_cannot_show_who_they_are_gets_neither_mail_nor_password(book, serve, send, authority, whose):
    book()
    shown = trustme.CA().issue_cert(ELSEWHERE) if whose == "of nobody" else authority.issue_cert("mail.example.org")
    for tries, scheme, how in ((1, "smtp", "tls_context"), (2, "smtps", "ssl_context")):
        known = {how: speaks_tls(shown), "auth_require_tls": False}
        server = serve(ELSEWHERE, scheme=scheme, password="secret", **known)
        became = send(server, NOW + tries * HOUR).values()
        assert (server.mails, server.said) == ([], [])
        assert [(is_sent, why) for _, is_sent, why, _ in became] == [(False, "")] * tries
        assert all("CERTIFICATE_VERIFY_FAILED" in error for *_, error in became)


def test_nor_does_a_server_that_knows_no_tls(book, serve, send):
    book()
    became = send(server := serve(ELSEWHERE, password="secret", auth_require_tls=False))
    assert (server.mails, server.said) == ([], [])
    assert "STARTTLS extension not supported" in str(became)


def test_unless_it_may(book, serve, send):
    book()
    server = serve(ELSEWHERE)
    send(f"{server.url}?tls=off")
    assert len(server.mails) == 2


# What goes wrong


class Over(threading.Event):
    """Is over once somebody waits for it; and keeps for how long they would have."""

    naps = ()

    def wait(self, timeout=None):
        """End it."""
        self.naps = (*self.naps, timeout)
        self.set()
        return True


def test_while_nobody_answers_it_waits_instead_of_trying_one_after_the_other(book, new_app, tried, send, serve):
    for _ in range(3):
        book()
    over = Over()
    with new_app(COACHING_MAIL=f"smtp://127.0.0.1:{free_port()}").app_context():
        letters.work(is_over=over, now=lambda: NOW)
    assert over.naps == (letters.NAP.total_seconds(),)
    [[attempts, _, why, error]] = tried().values()
    assert (attempts, why) == (1, "")
    assert "refused" in error
    send(server := serve(), NOW + outbox.FIRST_PAUSE)
    assert len(server.mails) == 6


def test_a_server_that_never_answers_is_not_waited_for_for_ever(book, send, monkeypatch):
    book()
    monkeypatch.setattr(smtp, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        [[attempts, is_sent, why, error]] = send(f"smtp://127.0.0.1:{silent.getsockname()[1]}").values()
    assert (attempts, is_sent, why) == (1, False, "")
    assert "timed out" in error


def test_nor_is_one_that_falls_silent(book, serve, send, monkeypatch):
    book()
    monkeypatch.setattr(smtp, "TIMEOUT", 0.2)
    server = serve()
    server.seconds = 1000
    assert [(attempts, is_sent, why) for attempts, is_sent, why, _ in send(server).values()] == [(1, False, "")] * 2


def test_an_address_that_is_refused_is_given_up_visibly_and_all_others_are_told(book, serve, send, new_app):
    book()
    server = serve()
    server.to["sam@example.org"] = "550 5.1.1 <sam@example.org>: no\0such \x1b[2Juser " + "x" * 600
    attempts, is_sent, why, error = send(server)["sam@example.org"]
    assert [taken.recipients for taken in server.mails] == [["ana@example.org"]]
    assert (attempts, is_sent, why) == (1, False, "The mail server refuses this address.")
    assert error.startswith("550 5.1.1 <sam@example.org>: nosuch [2Juser xxx")
    assert len(error) <= 500
    said = new_app(COACHING_MAIL="files").test_cli_runner().invoke(args=["mail", "status"]).output
    assert "550 5.1.1 <…>: nosuch" in said


def test_a_mail_that_is_refused_is_given_up(book, serve, send):
    book()
    server = serve()
    server.data = "554 5.7.1 This is spam"
    said = (1, False, "The mail server refuses this mail.", "554 5.7.1 This is spam")
    assert list(send(server).values()) == [said, said]


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("to", "451 4.7.1 Come back later"),
        ("data", "452 4.3.1 The disk is full"),
        ("from_", "550 5.7.1 You may not write as them"),
    ],
)
def test_what_may_pass_is_tried_again(book, serve, send, step, answer):
    book()
    server = serve()
    setattr(server, step, {"sam@example.org": answer, "ana@example.org": answer} if step == "to" else answer)
    assert list(send(server).values()) == [(1, False, "", f"NotNow: {answer}")] * 2
    setattr(server, step, {} if step == "to" else "")
    send(server, NOW + outbox.FIRST_PAUSE - timedelta(seconds=1))
    assert server.mails == []
    assert list(send(server, NOW + outbox.FIRST_PAUSE).values()) == [(2, True, "", "")] * 2


def test_a_sign_in_that_is_refused_is_tried_again(book, serve, send):
    book()
    server = serve(password="old", auth_require_tls=False)
    server.sign_in = "535 5.7.8 Wrong password"
    [[attempts, is_sent, why, error]] = send(server).values()
    assert server.mails == []
    assert (attempts, is_sent, why) == (1, False, "")
    assert "535" in error
    server.sign_in = ""
    send(server, NOW + HOUR)
    assert len(server.mails) == 2


def test_what_was_taken_is_sent_however_the_server_says_good_bye(book, serve, send):
    book()
    server = serve()
    server.quit = "221 " + "Bye " * 5000  # no client reads such a line
    assert list(send(server).values()) == [(1, True, "", "")] * 2


def test_when_the_clock_is_set_back_nothing_is_sent_twice_and_nothing_lost(app, book, serve, send):
    book()
    with app.app_context():
        outbox.claim(now=NOW)  # by who is killed then
    send(server := serve())
    send(server, NOW - HOUR)
    assert len(server.mails) == 1
    for minutes in range(-60, 61):
        send(server, NOW + timedelta(minutes=minutes))
    names = [taken.message["Message-ID"] for taken in server.mails]
    assert len(names) == len(set(names)) == 2
