"""A page asks the database as often for thirty rows as for one."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make

MANY = 30


def fill(make: Make, count: int):
    """Make a coach and a student with so many of everything, and so many others."""
    coach, student = make.coach(), make.student()
    for number in range(count):
        make.feedback(make.session(coach=coach, student=student, starts_at=NOW - timedelta(days=number + 3)))
        make.session(coach=coach, student=student, starts_at=NOW - timedelta(days=number + 3, hours=3))
        booked = make.session(coach=coach, student=student)
        for person in (coach, student):
            make.email(person, booked)
        make.session(coach=coach, student=student, cancelled_by=student)
        make.wait(student, make.coach())
        make.slot(coach, NOW + timedelta(days=number % 6 + 1, hours=4 + number // 6 * 2))  # all in this week
        make.slot(make.coach())
        make.student()
    return coach, student


# Who asks, and in a demo whom they could act as, are two of them.
PAGES = {
    ("student", "/"): 4,
    ("student", "/coaches/"): 3,
    ("student", "/coaches/?q=coach"): 3,
    ("student", "/coaches/?weekday=1&weekday=3&part=morning"): 3,
    ("student", "/coaches/soonest"): 3,
    ("student", "/coaches/soonest?q=coach&part=morning"): 3,
    ("student", "/coaches/{coach}"): 4,
    ("student", "/news/"): 3,
    ("coach", "/news/"): 3,
    ("student", "/news/mails"): 4,
    ("student", "/coaches/{coach}?part=afternoon"): 4,
    ("student", "/sessions/?when=upcoming"): 3,
    ("student", "/sessions/?when=previous"): 3,
    ("student", "/sessions/?when=cancelled"): 3,
    ("coach", "/"): 4,
    ("coach", "/coaches/"): 3,
    ("coach", "/sessions/?when=upcoming"): 3,
    ("coach", "/sessions/?when=previous"): 3,
    ("coach", "/sessions/?when=cancelled"): 3,
    ("coach", "/slots/"): 3,
    ("coach", "/sessions/?view=week"): 3,
    ("student", "/sessions/?view=week"): 3,
    ("coach", "/slots/copy?week=2026-W11"): 4,
    ("coach", "/sessions/away?from=2026-03-02&to=2026-03-30"): 4,
}


def test_no_page_asks_more_of_the_database_for_thirty_rows_than_for_one(make: Make, new_client, statements):
    asked: dict[tuple[str, str], list[int]] = {page: [] for page in PAGES}
    for count in (1, MANY):
        coach, student = fill(make, count)
        browsers = {"coach": new_client().sign_in(coach), "student": new_client().sign_in(student)}
        for who, url in PAGES:
            with statements.counted() as said:
                page = browsers[who].get(url.format(coach=coach.id))
            assert page.status == 200
            asked[who, url].append(len(said))
            rows = len(page.all("main li, main details.block"))
            assert rows >= 20 if count == MANY and url != "/" and "view=week" not in url else rows, (
                f"{url} shows {rows} rows"
            )
    assert asked == {page: [count[0]] * 2 for page, count in asked.items()}
    assert {page: count[1] for page, count in asked.items() if count[1] > PAGES[page]} == {}


@pytest.mark.parametrize(("who", "most"), [("coach", 4), ("student", 2)])
def test_a_calendar_takes_at_most_four_statements_however_much_is_in_it(make: Make, client, statements, who, most):
    for count in (1, MANY):
        person = dict(zip(("coach", "student"), fill(make, count), strict=True))[who]
        token = make.feed(person)
        with statements.counted() as said:
            page = client.get(f"/calendar/{token}.ics")
        assert page.text.count("UID:session-") == 4 * count  # live ones before and ahead, and cancelled ones
        assert len(said) == most, "\n".join(said)


@pytest.mark.parametrize("count", [1, MANY])
def test_booking_takes_at_most_nine_statements(make: Make, client, statements, count):
    coach, student = fill(make, count)
    slot = make.slot(coach)
    client.sign_in(student)
    client.token()
    with statements.counted() as said:
        page = client.post(f"/sessions/book/{slot.id}", {"topic": "My first review"})
    assert page.status == 303
    assert len(said) <= 9, "\n".join(said)


def test_losing_a_slot_costs_the_same_however_much_is_free(make: Make, client, statements):
    counts = []
    for count in (3, MANY):
        coach, student = make.coach(), make.student()
        lost = make.session(coach=coach).slot_id
        for _ in range(count):
            make.slot(coach)
        client.sign_in(student)
        client.token()
        with statements.counted() as said:
            page = client.post(f"/sessions/book/{lost}")
        assert page.status == 409
        assert len(page.links("/sessions/book/")) == 3
        counts.append(len(said))
    assert counts[0] == counts[1] <= 10


def test_a_sign_in_that_is_noticed_again_costs_one_statement_once(make: Make, client, statements, clock):
    client.sign_in(make.coach())
    clock.shift(timedelta(hours=2))
    counts = []
    for _ in range(2):
        with statements.counted() as said:
            client.get("/coaches/")
        counts.append(len(said))
    assert counts[0] <= counts[1] + 1
