"""The whole job from end to end, by following the links and pressing the buttons that the pages show."""

from datetime import timedelta

from bs4 import BeautifulSoup
from sqlalchemy import update

from coaching.extensions import db, saving
from coaching.models import User
from tests.crawling import Crawler
from tests.make import NOW, Make
from tests.reading import days, flashes, main, row_of, times_without_zone, words
from tests.visiting import Client, Page, parsed
from tests.world import small_world


class Person:
    """Somebody at a browser, who knows no address by heart."""

    def __init__(self, client: Client, start: str = "/") -> None:
        self.client = client
        self.page: Page = client.get(start)

    def follow(self, label: str) -> "Person":
        """Click the first link that says this."""
        [link, *_] = [link for link in self.page.all("a[href]") if label in words(link)]
        return self._arrive(self.client.get(str(link["href"])))

    def press(self, label: str, **typed: str) -> "Person":
        """Fill in the form that has this button, and press it."""
        [button, *_] = [button for button in self.page.all("button") if label in words(button)]
        form = button.find_parent("form")
        boxes = form.select("[name]:not([type=radio], [type=checkbox]), [type=checkbox][checked]")
        filled_in = {str(box["name"]): self._value(box) for box in boxes}
        unknown = set(typed) - set(filled_in) - {box["name"] for box in form.select("[type=radio], [type=checkbox]")}
        assert not unknown, f"the form does not ask for {unknown}"
        url = str(form.get("action") or self.page.path)
        if form["method"] == "get":
            return self._arrive(self.client.get(url, query_string=filled_in | typed))
        return self._arrive(self.client.bare("POST", url, data=filled_in | typed))

    def _value(self, box) -> str:
        if box.name == "select":
            return next((str(choice["value"]) for choice in box.select("[selected]")), "")
        return box.get_text() if box.name == "textarea" else str(box.get("value", ""))

    def _arrive(self, page: Page) -> "Person":
        while page.location:
            page = self.client.get(page.location)
        self.page = page
        return self


def test_from_registering_to_reading_the_notes_of_last_time(make: Make, new_client, clock):
    coach = make.coach("Ana Silva", zone="America/New_York", phone="+14155552671", password="correct horse battery")

    ana = Person(new_client()).follow("Sign in")
    ana.press("Sign in", email=coach.email, password="correct horse battery")
    ana.follow("Availability").press("Publish", date="2026-03-09", time="18:00", weeks="2")
    assert flashes(ana.page) == [
        "2 slots are published: from Monday 9 March 2026, 18:00–20:00 EDT to Monday 16 March 2026, 18:00–20:00 EDT."
    ]

    bo = Person(new_client()).follow("Register as a student")
    about = {"name": "Bo", "email": "bo@example.org", "phone": "020 7946 0958", "time_zone": "Asia/Kathmandu"}
    bo.press("Register", **about, password="x")
    assert bo.page.status == 422
    bo.press("Register", phone="+44 20 7946 0958", password="a battery and a staple")
    assert bo.page.h1 == "Hello, Bo"
    bo.follow("Coaches").press("Search", q="silva").follow("Ana Silva")
    assert list(days(bo.page)) == ["Tuesday 10 March 2026", "Tuesday 17 March 2026"]
    bo.follow("03:45–05:45 UTC+05:45").press("Book this time", topic="My first review")
    assert bo.page.h1 == "Session with Ana Silva"
    assert "+1 415-555-2671" in main(bo.page)

    ana.follow("Start")
    assert "Bo" in main(ana.page)
    assert "Monday 9 March 2026, 18:00–20:00 EDT My first review +44 20 7946 0958" in main(ana.page)

    clock.shift(timedelta(days=10))
    ana = Person(ana.client).follow("Sessions").follow("Previous").follow("Leave feedback")
    ana.press("Save", rating="", note="Left with **three** answers.")
    assert ana.page.status == 422
    ana.press("Save", rating="5")
    ana.follow("Sessions").follow("Previous")
    row = row_of(ana.page, "Bo")
    assert "5 – very satisfied" in words(row)
    assert words(row.select_one("strong")) == "three"

    bo.follow("Sessions").follow("Previous")
    assert words(row_of(bo.page, "Ana Silva").dialog) == "Ana Silva +1 415-555-2671 Close"
    assert "satisfied" not in bo.page.text
    assert "three" not in bo.page.text


def test_two_want_the_same_hour_and_the_second_takes_the_next_best(make: Make, new_client):
    coach = make.coach("Ana")
    for hours in (5, 7):
        make.slot(coach, NOW + timedelta(hours=hours))
    bo, cy = (Person(new_client().sign_in(make.student(name))) for name in ("Bo", "Cy"))
    for person in (bo, cy):
        person.follow("Book Ana, Mon 2 Mar, 13:00 GMT")
    bo.press("Book this time", topic="Bo's topic")
    cy.press("Book this time", topic="What Cy had typed")
    assert cy.page.status == 409
    assert "What Cy had typed" in main(cy.page)
    cy.follow("15:00–17:00 GMT").press("Book this time")
    assert cy.page.h1 == "Session with Ana"
    page = new_client().sign_in(coach).get("/slots/")
    assert list(days(page).values()) == [["13:00–15:00 GMT Booked Bo", "15:00–17:00 GMT Booked Cy"]]


def test_plans_change_moved_by_the_student_cancelled_by_the_coach_booked_anew(make: Make, new_client):
    coach = make.coach("Ana")
    slots = [make.slot(coach, NOW + timedelta(days=2, hours=2 * number)) for number in range(3)]
    bo = Person(new_client().sign_in(make.student("Bo"))).follow("Ana")
    bo.follow("08:00–10:00 GMT").press("Book this time").follow("Move").press("Move it", slot_id=str(slots[1].id))
    assert flashes(bo.page) == ["The session is moved."]
    assert "Wednesday 4 March 2026, 10:00–12:00 GMT" in main(bo.page)

    ana = Person(new_client().sign_in(coach)).follow("Availability")
    assert list(days(ana.page).values()) == [
        ["08:00–10:00 GMT Free", "10:00–12:00 GMT Booked Bo", "12:00–14:00 GMT Free"]
    ]
    ana.follow("Open the session").follow("Cancel the session").press(
        "Cancel the session", reason="My train is cancelled."
    )
    assert flashes(ana.page) == ["The session with Bo is cancelled."]

    bo.follow("Sessions").follow("Cancelled")
    assert "Cancelled by Ana My train is cancelled." in main(bo.page)
    bo.follow("with Ana: details")
    assert len(bo.page.links("/sessions/book/")) == 2  # right there
    bo.follow("All times of Ana")
    assert bo.page.texts("main time") == ["08:00–10:00 GMT", "12:00–14:00 GMT"]
    bo.follow("12:00–14:00 GMT").press("Book this time")
    assert bo.page.links("tel:")


def test_somebody_looks_around_in_the_demo_as_others(make: Make, new_client):
    make.slot(make.coach("Ana"))
    bo = make.student("Bo")
    somebody = Person(new_client()).press("Switch", user_id=str(bo.id))
    assert somebody.page.h1 == "Hello, Bo"
    somebody.follow("Coaches").follow("Ana").follow("10:00–12:00 GMT").press("Book this time")
    coach_id = next(str(one["value"]) for one in somebody.page.all("option") if words(one) == "Ana (coach)")
    somebody.press("Switch", user_id=coach_id)
    assert somebody.page.h1 == "Your day, Ana"
    assert "Bo" in main(somebody.page)
    somebody.press("Sign out")
    assert flashes(somebody.page) == ["You are signed out."]


def test_every_time_on_every_page_says_its_zone_and_it_is_the_readers(make: Make, new_client, app):
    world = small_world(make)
    with app.app_context(), saving():
        db.session.execute(update(User).values(time_zone="Asia/Kathmandu"))
    for person in (world.student, world.coach, world.other_student):
        client = new_client().sign_in(person)
        crawler = Crawler(client)
        crawler.follow_everything()
        crawler.look(f"/sessions/book/{world.booked.id}")
        crawler.look(f"/slots/{world.booked.id}/move")
        for url, told in crawler.told.items():
            page: BeautifulSoup = parsed(told.text)
            assert times_without_zone(page) == [], url
            zones = {words(time).rpartition(" ")[2] for time in page.select("time")}
            assert zones <= {"UTC+05:45"}, url
