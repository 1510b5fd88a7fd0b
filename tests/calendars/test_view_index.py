"""`/calendar/`: getting the private address of one's calendar, and ending it."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from coaching.calendars import rules
from tests.make import NOW, Make
from tests.reading import flashes, main, times_without_zone
from tests.world import PASSWORD, enter, give_password

SITE = "http://127.0.0.1:5000"


def make_address(client) -> str:
    """Press the button, and return the path of the address that is shown."""
    page = client.post("/calendar/feed")
    assert (page.status, page.location) == (303, "/calendar/")
    shown = str(client.follow(page).all("main #address")[0]["value"])
    assert shown.startswith(f"{SITE}/calendar/")
    return shown.removeprefix(SITE)


@pytest.mark.parametrize("role", ["coach", "student"])
def test_who_makes_an_address_can_read_their_calendar_there(make: Make, client, new_client, role):
    person = getattr(make, role)()
    client.sign_in(person)
    page = client.get("/calendar/")
    assert "You have no such address." in main(page)
    assert "Whoever has the address can read it" in main(page)
    assert ("free times" in main(page)) == (role == "coach")
    program = new_client().get(make_address(client))
    assert (program.status, program.text[:17]) == (200, "BEGIN:VCALENDAR\r\n")


def test_it_is_shown_once_and_kept_nowhere(make: Make, client, everything):
    client.sign_in(make.coach())
    path = make_address(client)
    token = path.removeprefix("/calendar/").removesuffix(".ics")
    assert len(token) == 43
    page = client.get("/calendar/")
    assert "You have had an address since Monday 2 March 2026, 08:00 GMT." in main(page)
    assert "cannot be shown again" in main(page)
    assert times_without_zone(page) == []
    assert token not in page.text
    assert token not in str(everything())
    with client.browser.session_transaction() as cookie:
        assert token not in str(dict(cookie))


def test_no_other_page_says_it_aloud(make: Make, client):
    client.sign_in(make.coach())
    client.post("/calendar/feed")
    page = client.get("/")
    assert flashes(page) == []
    assert ".ics" not in page.text


def test_with_it_come_links_that_add_it_elsewhere(make: Make, client):
    client.sign_in(make.student())
    page = client.follow(client.post("/calendar/feed"))
    whole = str(page.all("main #address")[0]["value"])
    webcal = whole.replace("http://", "webcal://")
    google, outlook, other = page.all("main .panel a")
    assert [link.get_text() for link in (google, outlook, other)] == [
        "Add to Google", "Add to Outlook", "Add to Apple or another program",
    ]  # fmt: skip
    assert parse_qs(urlsplit(google["href"]).query) == {"cid": [webcal]}
    assert google["href"].startswith("https://calendar.google.com/calendar/r?")
    assert parse_qs(urlsplit(outlook["href"]).query) == {"url": [whole], "name": ["Coaching calls"]}
    assert outlook["href"].startswith("https://outlook.live.com/calendar/0/addfromweb?")
    assert other["href"] == webcal
    assert all(link["rel"] == ["noopener", "noreferrer"] for link in (google, outlook, other))
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"


def test_a_new_address_takes_the_place_of_the_old_one(make: Make, client):
    other = make.feed(make.coach())
    client.sign_in(make.coach())
    old, new = make_address(client), make_address(client)
    assert [client.get(path).status for path in (old, new, f"/calendar/{other}.ics")] == [404, 200, 200]


def test_it_can_be_taken_away(make: Make, client):
    other = make.feed(make.coach())
    client.sign_in(make.coach())
    path = make_address(client)
    page = client.post("/calendar/feed/end")
    assert (page.status, page.location) == (303, "/calendar/")
    assert flashes(client.follow(page)) == ["The address is taken away: it opens nothing any more."]
    assert [client.get(each).status for each in (path, f"/calendar/{other}.ics")] == [404, 200]
    assert "Take the address away" not in client.get("/calendar/").said
    assert client.post("/calendar/feed/end").status == 303, "a second press is no fault"


def test_it_stays_when_one_signs_out_everywhere_or_takes_another_password(app, make: Make, client, new_client):
    coach = give_password(app, make.coach())
    path = make_address(client.sign_in(coach))
    changed = client.post("/auth/password", {"current": PASSWORD, "password": "another good horse"})
    assert changed.status == 303
    client.post("/auth/devices/end")
    assert new_client().get(path).status == 200


def test_of_many_who_press_at_once_one_address_is_left_and_nobody_meets_a_fault(make: Make, do, everything):
    coach = make.coach()
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: do(rules.open_feed, coach, now=NOW), range(8)))
    assert len(set(tokens)) == 8
    assert len(everything()["calendar_feed"]) == 1


def test_it_is_found_from_the_profile_and_from_the_sessions(make: Make, new_client):
    session = make.session()
    for person in (session.coach, session.student):
        client = new_client().sign_in(person)
        for url in ("/auth/profile", "/sessions/", "/sessions/?when=previous", f"/sessions/{session.id}"):
            assert "/calendar/" in client.get(url).links(), url


def test_an_organiser_has_no_calendar_and_no_link_to_one(make: Make, client):
    enter(client, make.admin(password=PASSWORD))
    assert "/calendar/" not in client.get("/auth/profile").links()
    assert [client.get("/calendar/").status, client.post("/calendar/feed").status] == [403, 403]
