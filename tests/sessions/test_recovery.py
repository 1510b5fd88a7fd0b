"""When the coach cancels: the nearest free times of that coach and of others, in the mail and on the page."""

from datetime import timedelta

import pytest

from coaching.sessions import rules
from tests.make import NOW, Make, at
from tests.reading import main
from tests.visiting import text_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = at("2026-03-10 10:00")


@pytest.fixture
def off(make: Make, do, ask):
    """A call of Ana and Sam, that Ana has cancelled."""
    session = do(
        rules.book, make.slot(make.coach("Ana"), BEGINS), make.student("Sam", email="sam@example.org"), now=NOW
    )
    session = ask(lambda session: session, session)
    do(rules.cancel, session, session.coach, now=NOW)
    return session


@pytest.fixture
def offers(make, off):
    """Free times: of Ana and of others, near and far."""
    bea = make.coach("Bea")
    near = [make.slot(off.coach, BEGINS + days * DAY) for days in (-1, 1, 2)]
    make.slot(off.coach, BEGINS + 9 * DAY)
    others = [make.slot(bea, BEGINS + hours * HOUR) for hours in (-4, 1)] + [make.slot(make.coach("Cy"), BEGINS)]
    make.slot(bea, BEGINS + 7 * DAY)
    return [slot.id for slot in sorted(near, key=lambda slot: slot.starts_at)], {slot.id for slot in others}


def booking_ids(addresses) -> list[int]:
    return [int(address.rpartition("/")[2]) for address in addresses]


def test_the_page_shows_the_nearest_of_that_coach_then_of_others(off, offers, client):
    same, others = offers
    page = client.sign_in(off.student).get(f"/sessions/{off.id}")
    found = booking_ids(page.links("/sessions/book/"))
    assert found[:3] == same
    assert set(found[3:]) == others


def test_the_mail_shows_the_same_and_each_is_booked_in_two_clicks(off, offers, send, client):
    same, others = offers
    [mail] = [mail for mail in send(NOW) if mail["To"].addresses[0].addr_spec == "sam@example.org"]
    lines = text_of(mail).splitlines()
    found = booking_ids(line for line in lines if "/sessions/book/" in line)
    assert (found[:3], set(found[3:])) == (same, others)
    assert "Monday 9 March 2026, 10:00–12:00 GMT, with Ana:" in lines
    client.sign_in(off.student)
    page = client.get(f"/sessions/book/{found[-1]}")  # one
    assert page.status == 200
    assert client.post(f"/sessions/book/{found[-1]}").status == 303  # two


def test_what_overlaps_another_of_the_students_sessions_is_not_offered(off, offers, make, client):
    make.session(make.slot(make.coach(), BEGINS + DAY + HOUR), off.student)
    found = booking_ids(client.sign_in(off.student).get(f"/sessions/{off.id}").links("/sessions/book/"))
    assert offers[0][1] not in found


def test_who_has_cancelled_themselves_is_not_led_on(make, do, ask, client, send):
    session = do(rules.book, make.slot(make.coach(), BEGINS), make.student(), now=NOW)
    session = ask(lambda session: session, session)
    make.slot(session.coach, BEGINS + DAY)
    do(rules.cancel, session, session.student, now=NOW)
    assert client.sign_in(session.student).get(f"/sessions/{session.id}").links("/sessions/book/") == []
    assert not [mail for mail in send(NOW) if "/sessions/book/" in text_of(mail)]


@pytest.mark.usefixtures("offers")
def test_the_coach_is_not_shown_what_others_offer(off, client):
    page = client.sign_in(off.coach).get(f"/sessions/{off.id}")
    assert page.links("/sessions/book/") == []
    assert "Book another time" not in main(page)


def test_where_nothing_is_free_the_way_to_the_coaches_is_there(off, client):
    page = client.sign_in(off.student).get(f"/sessions/{off.id}")
    assert page.links(f"/coaches/{off.coach_id}")


def test_a_week_away_resolves_all_and_each_student_is_shown_what_is_free(make, do, client, send):
    coach, other = make.coach("Ana"), make.coach("Bea")
    booked = [do(rules.book, make.slot(coach, BEGINS + n * DAY), make.student(), now=NOW) for n in range(3)]
    free = make.slot(other, BEGINS)
    fates = {f"fate_{session.id}": "cancel" for session in booked} | {f"word_{session.id}": "Ill" for session in booked}
    page = client.sign_in(coach).post("/sessions/away?from=2026-03-09&to=2026-03-15", {"what": "withdraw", **fates})
    assert page.status == 303
    told = [mail for mail in send(NOW) if "Cancelled" in mail["Subject"] and f"/book/{free.id}" in text_of(mail)]
    assert len({mail["To"].addresses[0].addr_spec for mail in told}) == 3
