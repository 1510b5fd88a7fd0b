"""How soon and how far ahead students book, and how much they hold at once: what is shown as free can be booked.

What lies exactly at a limit is allowed; one second later, or one slot further, it is not. Coaches are bound by none of
it. Of notice tells `sessions/test_notice.py`.
"""

from datetime import timedelta

import pytest

from coaching import formatting
from tests.make import NOW, Make, at
from tests.reading import alert, main
from tests.visiting import Client
from tests.world import PASSWORD, give_password

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
BEGINS = at("2026-03-04 10:00")


def starts(page) -> list[str]:
    """Return when the free times on a page begin."""
    return [tag["datetime"] for tag in page.all("main .chip time")]


def shown(client: Client, coach) -> list[list[str]]:
    """Return which times each list shows: by coach, soonest, of one coach, and the start page."""
    return [starts(client.get(url)) for url in ("/coaches/", "/coaches/soonest", f"/coaches/{coach.id}", "/")]


def moments(*expected) -> list[list[str]]:
    """Return what all four lists show then."""
    return [[start.isoformat() for start in expected]] * 4


# How soon, and how far ahead

SOON, FAR = NOW + 26 * HOUR, NOW + 30 * DAY


@pytest.fixture
def offer(make: Make):
    """A coach's times around both limits, of which the middle three are within."""
    coach = make.coach("Ana")
    starts = [SOON - HOUR * 2, SOON, BEGINS, FAR, FAR + 2 * HOUR]
    return coach, [make.slot(coach, start) for start in starts]


def test_students_see_what_they_can_book_and_no_more(make, client, terms, clock, offer):
    terms(soonest=26 * HOUR, furthest=30 * DAY)
    coach, slots = offer
    student = make.student()
    client.sign_in(student)
    assert shown(client, coach) == moments(SOON, BEGINS, FAR)
    assert [client.get(f"/sessions/book/{slot.id}").status for slot in slots] == [409, 200, 200, 200, 409]
    clock.shift(SECOND)
    assert client.get(f"/sessions/book/{slots[1].id}").status == 409, "a second later it is too soon"
    assert shown(client, coach) == moments(BEGINS, FAR)
    clock.move_to(NOW - SECOND)
    client.sign_in(student)
    assert client.get(f"/sessions/book/{slots[3].id}").status == 409, "a second before it was too far"
    assert shown(client, coach) == moments(SOON, BEGINS)


@pytest.mark.parametrize("role", ["coach", "admin"])
def test_coaches_and_organisers_see_everything(app, make, client, terms, *, offer, role):
    terms(soonest=26 * HOUR, furthest=30 * DAY)
    coach, slots = offer
    client.sign_in(give_password(app, getattr(make, role)()), PASSWORD)
    for url in (f"/coaches/{coach.id}", "/coaches/soonest"):
        page = client.get(url)
        assert starts(page) == [slot.starts_at.isoformat() for slot in slots]
        assert "can be booked" not in main(page)


def test_what_is_looked_for_is_bounded_too(make, client, terms, offer):
    terms(soonest=26 * HOUR, furthest=30 * DAY)
    client.sign_in(make.student())
    for url in ("/coaches/?q=ana", "/coaches/soonest?part=morning", f"/coaches/{offer[0].id}?part=morning"):
        seen = set(starts(client.get(url)))
        assert BEGINS.isoformat() in seen
        assert seen <= set(moments(SOON, BEGINS, FAR)[0])


def test_too_soon_is_refused_and_says_so_with_what_can_be_booked(make, client, terms, offer, everything):
    terms(soonest=26 * HOUR, furthest=30 * DAY)
    _, slots = offer
    client.sign_in(make.student())
    client.token()
    before = everything()
    for slot, said in (
        (slots[0], "This time begins in less than 26 hours, and has to be booked earlier than that."),
        (slots[4], "This time lies too far ahead. Times can be booked up to 30 days ahead."),
    ):
        pages = [client.post(f"/sessions/book/{slot.id}"), client.get(f"/sessions/book/{slot.id}")]
        assert [page.status for page in pages] == [409, 409]
        assert all(said in alert(page) for page in pages)
        for page in pages:
            assert page.links("/sessions/book/") == [f"/sessions/book/{near.id}" for near in slots[1:4]]
    assert everything() == before


@pytest.mark.parametrize(("place", "status"), [(0, 409), (1, 303), (3, 303), (4, 409)])
def test_a_student_moves_to_what_could_be_booked_alone(make, client, terms, offer, *, place, status):
    terms(soonest=26 * HOUR, furthest=30 * DAY)
    coach, slots = offer
    session = make.session(make.slot(coach, BEGINS + DAY))
    client.sign_in(session.student)
    page = client.get(f"/sessions/{session.id}/move")
    choices = [int(box["value"]) for box in page.all("input[name=slot_id]")]
    assert choices == [slot.id for slot in slots[1:4]]
    assert "Times from 26 hours to 30 days ahead can be booked." in main(page)
    page = client.post(f"/sessions/{session.id}/move", {"slot_id": slots[place].id})
    assert page.status == status
    if status == 409:
        assert ("has to be booked earlier" if place == 0 else "up to 30 days ahead") in alert(page)


@pytest.mark.parametrize("place", [0, 4])
def test_a_coach_moves_wherever_there_is_a_free_time(make, client, terms, offer, place):
    terms(soonest=26 * HOUR, furthest=30 * DAY)
    coach, slots = offer
    session = make.session(make.slot(coach, BEGINS + DAY))
    page = client.sign_in(coach).get(f"/sessions/{session.id}/move")
    assert [int(box["value"]) for box in page.all("input[name=slot_id]")] == [slot.id for slot in slots]
    assert client.post(f"/sessions/{session.id}/move", {"slot_id": slots[place].id}).status == 303


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"soonest": 2 * HOUR, "furthest": 30 * DAY}, "Times from 2 hours to 30 days ahead can be booked."),
        ({"soonest": 90 * HOUR / 60}, "Times from 90 minutes ahead can be booked."),
        ({"furthest": DAY}, "Times up to 1 day ahead can be booked."),
    ],
)
@pytest.mark.parametrize("is_free", [True, False])
def test_a_coachs_page_says_what_can_be_booked(make, client, terms, *, asked, said, is_free):
    terms(**asked)
    coach = make.coach()
    if is_free:
        make.slot(coach, NOW + 20 * HOUR)
    assert said in main(client.sign_in(make.student()).get(f"/coaches/{coach.id}"))
    terms()
    assert "can be booked" not in main(client.get(f"/coaches/{coach.id}"))


def test_what_is_ones_own_is_ones_own_however_late_it_is(make, client, terms):
    terms(soonest=3 * DAY, most_open=1)
    session = make.session(starts_at=BEGINS)
    client.sign_in(session.student)
    for page in (client.post(f"/sessions/book/{session.slot_id}"), client.get(f"/sessions/book/{session.slot_id}")):
        assert (page.status, page.location) == (303, f"/sessions/{session.id}")


# How much at once


def test_who_holds_as_many_as_they_may_books_no_more_until_one_is_over_or_off(make, client, terms, clock):
    terms(most_open=2)
    coach, student = make.coach(), make.student()
    slots = [make.slot(coach) for _ in range(4)]
    make.session(student=student, starts_at=NOW - 2 * HOUR)  # is over just now
    make.session(student=student, cancelled_by=student)
    make.session(coach=coach)  # somebody else's
    client.sign_in(student)
    for held in (0, 1):
        assert f"You hold {held} of 2 open bookings." in main(client.get(f"/sessions/book/{slots[held].id}"))
        booked = client.post(f"/sessions/book/{slots[held].id}")
        assert booked.status == 303
    for page in (client.post(f"/sessions/book/{slots[2].id}"), client.get(f"/sessions/book/{slots[2].id}")):
        assert page.status == 409
        said = "You hold 2 of 2 open bookings. After one of them is over or cancelled, you can book again."
        assert alert(page) == said
        assert "/sessions/" in page.links()
        assert page.links("/sessions/book/") == [], "no other time could be booked either"
    clock.move_to(slots[0].ends_at - SECOND)
    assert client.get(f"/sessions/book/{slots[2].id}").status == 409
    clock.shift(SECOND)
    assert client.post(f"/sessions/book/{slots[2].id}").status == 303, "one is over"
    assert client.post(f"/sessions/book/{slots[3].id}").status == 409
    client.post(f"{booked.location}/cancel")
    assert client.post(f"/sessions/book/{slots[3].id}").status == 303, "one is off"


def test_moving_counts_as_no_further_booking(make, client, terms):
    terms(most_open=1)
    session = make.session(starts_at=BEGINS)
    later = make.slot(session.coach, BEGINS + DAY)
    client.sign_in(session.student)
    assert client.post(f"/sessions/{session.id}/move", {"slot_id": later.id}).status == 303


def test_a_limit_costs_a_statement_and_none_costs_nothing(make, client, terms, statements):
    student, counts = make.student(), []
    client.sign_in(student).token()
    for asked in ({}, {"notice": DAY, "soonest": HOUR, "furthest": 90 * DAY}, {"most_open": 9}):
        terms(**asked)
        slot = make.slot()
        with statements.counted() as said:
            assert client.post(f"/sessions/book/{slot.id}").status == 303
        counts.append(len(said))
    assert counts[0] == counts[1] == counts[2] - 1
    assert counts[0] <= 9


# Words


@pytest.mark.parametrize(
    ("long", "said"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "90 minutes"),
        (HOUR, "1 hour"),
        (36 * HOUR, "36 hours"),
        (DAY, "1 day"),
        (30 * DAY, "30 days"),
    ],
)
def test_how_long_something_is_is_said_in_whole_units(long, said):
    assert formatting.lasting(long) == said
