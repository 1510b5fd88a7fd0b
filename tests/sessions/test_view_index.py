"""`/sessions/`: one's own sessions, upcoming, previous and cancelled, on a tab each."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import days, main, next_page, row_of, times_without_zone, words

HOUR = timedelta(hours=1)
TABS = ["upcoming", "previous", "cancelled"]


def sessions(page) -> list[int]:
    """Return the ids of the sessions on the page, in order."""
    rows = [row.find("a", href=True) for row in page.all("main li")]
    return [int(link["href"].rpartition("/")[2]) for link in rows if link]


def current(page) -> list[str]:
    return [words(tab) for tab in page.all("nav[aria-label='Which sessions'] [aria-current=page]")]


@pytest.fixture
def pair(make: Make):
    """A coach and a student who know each other."""
    coach = make.coach("Ana", phone="+14155552671", zone="America/New_York")
    return coach, make.student("Bo", phone="+442079460958")


def test_every_session_stands_on_one_tab_for_both(make: Make, client, pair):
    coach, student = pair
    wanted = {
        "upcoming": [
            make.session(coach=coach, student=student, starts_at=NOW - HOUR),  # going on
            make.session(coach=coach, student=student, starts_at=NOW + HOUR),
            make.session(coach=coach, student=student, starts_at=NOW + 3 * HOUR),
        ],
        "previous": [
            make.session(coach=coach, student=student, starts_at=NOW - 3 * HOUR),  # ended an hour ago
            make.session(coach=coach, student=student, starts_at=NOW - 30 * HOUR),
        ],
        "cancelled": [
            make.session(coach=coach, student=student, starts_at=NOW + 50 * HOUR, cancelled_by=student),
            make.session(coach=coach, student=student, starts_at=NOW - 50 * HOUR, cancelled_by=coach),
        ],
    }
    make.session()
    for person in pair:
        client.sign_in(person)
        for tab, those in wanted.items():
            page = client.get(f"/sessions/?when={tab}")
            assert sessions(page) == [session.id for session in those], "soonest first, or latest first"
            assert current(page) == [tab.capitalize()]
            assert page.links("/sessions/?when=") == [f"/sessions/?when={each}" for each in TABS]
    assert sessions(client.get("/sessions/")) == [session.id for session in wanted["upcoming"]]


def test_a_session_is_previous_from_the_moment_it_ends(make: Make, client, pair, clock):
    coach, student = pair
    session = make.session(coach=coach, student=student, starts_at=NOW + HOUR)
    client.sign_in(student)
    clock.move_to(session.ends_at - timedelta(seconds=1))
    assert sessions(client.get("/sessions/")) == [session.id]
    assert sessions(client.get("/sessions/?when=previous")) == []
    clock.move_to(session.ends_at)
    assert sessions(client.get("/sessions/")) == []
    assert sessions(client.get("/sessions/?when=previous")) == [session.id]


@pytest.mark.parametrize("when", ["", "soon", "UPCOMING", "upcoming ", "all", "when", "1" * 3000])
def test_nonsense_in_the_query_is_the_upcoming_tab(make: Make, client, pair, when):
    session = make.session(coach=pair[0], student=pair[1])
    page = client.sign_in(pair[1]).get(f"/sessions/?when={when}")
    assert (sessions(page), current(page)) == ([session.id], ["Upcoming"])


@pytest.mark.parametrize("after", ["x", "1", "-", "1-", "-1", "1-x", "-1--1", "9" * 20 + "-1", "1-" + "9" * 20])
@pytest.mark.parametrize("tab", TABS)
def test_nonsense_for_a_place_in_the_list_is_its_beginning(make: Make, client, pair, *, tab, after):
    make.session(coach=pair[0], student=pair[1])
    make.session(coach=pair[0], student=pair[1], cancelled_by=pair[1])
    make.session(coach=pair[0], student=pair[1], starts_at=NOW - 9 * HOUR)
    page = client.sign_in(pair[1]).get(f"/sessions/?when={tab}&after={after}")
    assert len(sessions(page)) == 1


# Upcoming


def test_upcoming_sessions_stand_under_their_days_with_name_number_and_topic(make: Make, client, pair):
    coach, student = pair
    make.session(coach=coach, student=student, starts_at=at("2026-03-02 10:00"), topic="My first review")
    make.session(coach=coach, student=student, starts_at=at("2026-03-03 04:00"))
    page = client.sign_in(coach).get("/sessions/")
    assert list(days(page)) == ["Monday 2 March 2026 today"], "both are on Monday in New York"
    first, second = days(page)["Monday 2 March 2026 today"]
    assert "05:00–07:00 EST" in first
    assert "My first review" in first
    assert "23:00–01:00 (Tue) EST" in second
    for row in page.all("main li"):
        [link] = row.select("a[href^='tel:']")
        assert (link["href"], words(link)) == ("tel:+442079460958", "+44 20 7946 0958")
    page = client.sign_in(student).get("/sessions/")
    assert list(days(page)) == ["Monday 2 March 2026 today", "Tuesday 3 March 2026 tomorrow"]
    assert set(page.links("tel:")) == {"tel:+14155552671"}
    assert "+1 415-555-2671" in main(page)


@pytest.mark.parametrize("name", ["عبد الرحمن", "👩🏽‍🚀 Zoë", "<script>alert(1)</script>", "W" * 80])
def test_names_and_topics_of_all_kinds_are_said_as_they_are(make: Make, client, name):
    session = make.session(student=make.student(name), topic=f"{name} & <b>more</b>\n{{{{ 7 * 7 }}}}")
    page = client.sign_in(session.coach).get("/sessions/")
    assert f"{name} & <b>more</b> {{{{ 7 * 7 }}}}" in words(row_of(page, name))


# Previous


def dialog_of(page, row):
    """Return the dialog that the button with the name opens."""
    [button] = row.select("button[data-dialog]")
    return button, page.soup.find(id=button["data-dialog"])


def test_on_the_previous_tab_the_name_opens_a_dialog_with_the_number_for_both(make: Make, client, pair):
    coach, student = pair
    session = make.session(coach=coach, student=student, starts_at=NOW - 3 * HOUR)
    for person, other, number in (
        (coach, "Bo", "tel:+442079460958"),
        (student, "Ana", "tel:+14155552671"),
    ):
        page = client.sign_in(person).get("/sessions/?when=previous")
        row = row_of(page, other)
        button, dialog = dialog_of(page, row)
        assert words(button).startswith(other)
        assert dialog.name == "dialog"
        assert "open" not in dialog.attrs
        assert words(dialog).startswith(other)
        assert [link["href"] for link in dialog.select("a")] == [number]
        assert dialog.select("form[method=dialog] button"), "and a way to close it"
        form = button.find_parent("form")
        assert (form["method"], form["action"]) == ("get", f"/sessions/{session.id}"), "without a script: the page"
        assert client.get(form["action"]).links("tel:") == [number]


def test_a_coach_sees_rating_and_note_there_and_what_still_waits(make: Make, client, pair):
    coach, student = pair
    recorded = make.session(coach=coach, student=student, starts_at=NOW - 9 * HOUR)
    make.feedback(recorded, 4, "Left with **three** answers.")
    waiting = make.session(coach=coach, student=make.student("Cy"), starts_at=NOW - 5 * HOUR)
    page = client.sign_in(coach).get("/sessions/?when=previous")
    row = row_of(page, "Bo")
    assert "4 – satisfied" in words(row)
    assert words(row.select_one("strong")) == "three"
    assert "Waiting" not in words(row)
    assert row.select(f"a[href='/sessions/{recorded.id}/feedback']")
    row = row_of(page, "Cy")
    assert "Waiting for feedback" in words(row)
    assert "satisfied" not in words(row)
    [link] = row.select(f"a[href='/sessions/{waiting.id}/feedback']")
    assert words(link).startswith("Leave feedback")


def test_a_student_never_sees_rating_or_note_or_that_there_is_one(make: Make, client, pair):
    coach, student = pair
    recorded = make.session(coach=coach, student=student, starts_at=NOW - 9 * HOUR)
    make.session(coach=coach, student=student, starts_at=NOW - 5 * HOUR)
    make.feedback(recorded, 1, "At cross purposes from the start.")
    page = client.sign_in(student).get("/sessions/?when=previous")
    rows = [words(row).replace(words(row.find("a")), "") for row in page.all("main li")]
    assert rows[0] == rows[1], "the two rows differ in nothing but their time"
    for word in ("cross purposes", "satisfied", "feedback", "rating", "Waiting"):
        assert word not in page.text
    assert page.links(f"/sessions/{recorded.id}/") == []


NASTY = """<script>alert(1)</script> <img src=x onerror=alert(1)> <b>bold</b>

[click](javascript:alert(1)) ![x](https://evil.example/x.png) [site](https://example.org) <a href="https://evil.example">

# A heading

- *one*
- `two`

<style>body { display: none }</style> </li></ul></section> {{ 7 * 7 }} {% raw %}"""


def test_a_note_is_shown_as_markdown_and_nothing_in_it_runs(make: Make, client, pair):
    coach, student = pair
    session = make.session(coach=coach, student=student, starts_at=NOW - 9 * HOUR)
    make.feedback(session, 3, NASTY)
    client.sign_in(coach)
    for url in ("/sessions/?when=previous", f"/sessions/{session.id}"):
        page = client.get(url)  # the client's strict eye finds scripts, styles, handlers and tags left open
        note = page.all("main .note")[0]
        assert note.select("em, code, li")
        assert "{{ 7 * 7 }} {% raw %}" in words(note)
        assert "<script>alert(1)</script>" in words(note), "it is kept as typed, and shown as text"
        assert {link["href"] for link in note.select("a[href]")} <= {
            "https://example.org",
            "https://evil.example/x.png",
        }
        assert note.select("img, script, style, iframe, form, h1, h2") == []
        assert note.find_parent("section") is not None, "it does not break out of its place"


def test_a_long_note_is_folded_but_all_there(make: Make, client, pair):
    coach, student = pair
    session = make.session(coach=coach, student=student, starts_at=NOW - 9 * HOUR)
    make.feedback(session, 3, "Long story. " * 800 + "The end.")
    page = client.sign_in(coach).get("/sessions/?when=previous")
    [folded] = page.all("main details")
    assert words(folded.summary).startswith("Notes: Long story.")
    assert words(folded).endswith("The end.")


# Cancelled


def test_cancelled_sessions_say_who_cancelled_and_why_to_both(make: Make, client, pair):
    coach, student = pair
    make.session(coach=coach, student=student, cancelled_by=student, reason="An exam,\n<b>sorry</b>!")
    make.session(coach=coach, student=student, cancelled_by=coach)
    client.sign_in(student)
    page = client.get("/sessions/?when=cancelled")
    assert list(days(page)) == ["Wednesday 4 March 2026", "Tuesday 3 March 2026 tomorrow"]
    [by_coach], [by_student] = days(page).values()
    assert "Cancelled by Ana" in by_coach
    assert "Cancelled by you An exam, <b>sorry</b>!" in by_student
    page = client.sign_in(coach).get("/sessions/?when=cancelled")
    [by_coach], [by_student] = days(page).values()
    assert "Cancelled by you" in by_coach
    assert "Cancelled by Bo An exam, <b>sorry</b>!" in by_student


# Pages of fifty, and empty ones


def walk(client, url: str) -> list[list[int]]:
    """Follow the links to the next page, and return which sessions stand on each."""
    pages = []
    while url:
        page = client.get(url)
        pages.append(sessions(page))
        url = next_page(page) or ""
        assert len(pages) < 9, "it goes on for ever"
    return pages


@pytest.mark.parametrize("tab", TABS)
def test_51_sessions_come_on_two_pages_that_lose_and_repeat_none(make: Make, client, pair, tab):
    coach, student = pair
    if tab == "cancelled":  # one slot, again and again: all of these start at the same moment
        slot = make.slot(coach)
        made = [make.session(slot, student, cancelled_by=student) for _ in range(51)]
    else:
        step = 2 * HOUR if tab == "upcoming" else -2 * HOUR
        made = [make.session(coach=coach, student=student, starts_at=NOW + step * (1 + n)) for n in range(51)]
    wanted = [session.id for session in (reversed(made) if tab == "cancelled" else made)]
    for person in pair:
        pages = walk(client.sign_in(person), f"/sessions/?when={tab}")
        assert [len(those) for those in pages] == [50, 1]
        assert pages[0] + pages[1] == wanted


def test_empty_tabs_say_what_to_do_next(make: Make, client):
    client.sign_in(make.student())
    page = client.get("/sessions/")
    assert "Choose a coach and a time that suits you." in main(page)
    assert "/coaches/" in page.links()
    assert "No session lies behind you" in main(client.get("/sessions/?when=previous"))
    assert "Nothing was cancelled" in main(client.get("/sessions/?when=cancelled"))
    page = client.sign_in(make.coach()).get("/sessions/")
    assert "As soon as a student books one of your times, it stands here." in main(page)
    assert "/slots/" in page.links()


def test_every_time_on_every_tab_says_its_zone(make: Make, client):
    coach, student = make.coach(zone="Asia/Kathmandu"), make.student()
    make.session(coach=coach, student=student, starts_at=at("2026-03-29 00:00"))
    make.feedback(make.session(coach=coach, student=student, starts_at=NOW - 9 * HOUR))
    make.session(coach=coach, student=student, cancelled_by=coach)
    for person, zone in ((coach, "UTC+05:45"), (student, "GMT")):
        client.sign_in(person)
        for tab in TABS:
            page = client.get(f"/sessions/?when={tab}")
            assert times_without_zone(page) == []
            assert all(zone in time for time in page.texts("main time"))
            assert page.texts("main time")
