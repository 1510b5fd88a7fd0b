"""Real processes that are killed (kill -9) while they send mails, or book: no mail is lost."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from coaching import outbox
from coaching.extensions import db, saving
from coaching.models import CoachingSession, Email, Kind, TimeSlot
from coaching.times import SLOT_LENGTH
from tests.mailing import Nursery, Server

pytestmark = pytest.mark.real_time

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KILLS, WORKERS, SESSIONS = 25, 4, 300  # of which each is told by two mails


@pytest.fixture
def server():
    """A mail server."""
    with Server() as open_:
        yield open_


@pytest.fixture
def six_hundred_due(app, make):
    """Mails about three hundred sessions, due since an hour."""
    coach, student = make.coach(), make.student()
    now = datetime.now(UTC)
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) + 2 * DAY
    with app.app_context(), saving():
        times_ = [first + number * SLOT_LENGTH for number in range(SESSIONS)]
        slots = [
            {"coach_id": coach.id, "starts_at": at, "ends_at": at + SLOT_LENGTH, "offered_at": now} for at in times_
        ]
        db.session.execute(insert(TimeSlot), slots)
        known = [
            {
                "slot_id": id_,
                "coach_id": coach.id,
                "student_id": student.id,
                "starts_at": at,
                "ends_at": at + SLOT_LENGTH,
            }
            for id_, at in db.session.execute(select(TimeSlot.id, TimeSlot.starts_at))
        ]
        db.session.execute(insert(CoachingSession), [{**one, "booked_at": now} for one in known])
        moments = {"created_at": now - HOUR, "due_at": now - HOUR, "next_at": now - HOUR}
        mails = [
            {"session_id": id_, "person_id": person.id, "kind": Kind.BOOKED, "revision": 0, **moments}
            for id_ in db.session.scalars(select(CoachingSession.id))
            for person in (coach, student)
        ]
        db.session.execute(insert(Email), mails)


class Milestones:
    """Tells whoever waits that a server has taken so many mails."""

    def __init__(self, server):
        self._server, self._changed = server, threading.Condition()
        server.on_mail = self._on_mail

    def _on_mail(self):
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, count):
        """Wait until so many are taken."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._server.mails) >= count, timeout=60)


@pytest.mark.usefixtures("six_hundred_due")
def test_none_is_lost_whenever_workers_are_killed(app, database_url, server):
    server.seconds = 0.004
    taken = Milestones(server)
    with Nursery(database_url, COACHING_MAIL=server.url) as nursery:
        workers = [nursery.start("work", 0) for _ in range(WORKERS)]
        for kill in range(KILLS):
            taken.wait_for((kill + 1) * 20 + kill % 3)
            workers[0].kill()
            workers.pop(0).end()
            workers.append(nursery.start("work", 0))
        for worker in workers:
            worker.end()
        nursery.start("work", outbox.CLAIMED_FOR.seconds + 1).end()
    with app.app_context():
        is_sent = Counter(db.session.scalars(select(Email.sent_at.is_not(None))))
        again = dict(db.session.execute(select(Email.id, Email.attempts).where(Email.attempts > 1)).all())
    sent = Counter(taken.message["Message-ID"] for taken in server.mails)
    doubles = {int(name.split("-")[1]) for name, count in sent.items() if count > 1}
    assert again, "no worker was killed while it had a mail"
    assert is_sent == {True: 2 * SESSIONS}
    assert len(sent) == 2 * SESSIONS
    assert len(server.mails) - 2 * SESSIONS <= KILLS
    assert doubles <= set(again)


def test_a_booking_whose_process_dies_is_told_by_another(make, database_url, server):
    slot = make.slot(starts_at=(datetime.now(UTC) + 3 * DAY).replace(minute=0, second=0, microsecond=0))
    student = make.student()
    with Nursery(database_url, COACHING_MAIL=server.url) as nursery:
        nursery.start("book", slot.id, student.id).end()
        assert server.mails == []
        nursery.start("work", 0).end()
    assert sorted(taken.recipients for taken in server.mails) == sorted([[slot.coach.email], [student.email]])
