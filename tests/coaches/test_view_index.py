"""`/coaches/`: who has a free slot, by name, and their next three."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import main, next_page, times_without_zone


def names(page) -> list[str]:
    return page.texts("main article h2")


def chips(page) -> list[str]:
    return page.texts("main article time")


def test_it_lists_the_coaches_that_have_a_free_slot_and_no_others(make: Make, client):
    student = make.student()
    make.slot(make.coach("Free"))
    make.session(coach=make.coach("Booked"))
    make.slot(make.coach("Withdrawn"), withdrawn_at=NOW)
    make.slot(make.coach("Begun"), NOW - timedelta(hours=1))
    make.slot(make.coach("Beginning now"), NOW)
    make.slot(make.coach("In a quarter of an hour"), NOW + timedelta(minutes=15))
    make.coach("Without any")
    make.session(coach=make.coach("Cancelled by the student"), student=student, cancelled_by=student)
    page = client.sign_in(student).get("/coaches/")
    assert names(page) == ["Cancelled by the student", "Free", "In a quarter of an hour"]


def test_they_stand_by_name_whatever_the_case(make: Make, client):
    for name in ("bea", "Ana", "Cy", "ana", "Bea"):
        make.slot(make.coach(name))
    page = client.sign_in(make.student()).get("/coaches/")
    assert [name.lower() for name in names(page)] == ["ana", "ana", "bea", "bea", "cy"]


def test_each_shows_the_next_three_free_slots_in_order_and_each_leads_to_its_booking(make: Make, client):
    coach = make.coach("Ana", headline="Careers in science")
    later = [make.slot(coach, at(f"2026-03-{day} 10:00")) for day in ("09", "07", "08", "06")]
    make.session(make.slot(coach, at("2026-03-05 10:00")))
    page = client.sign_in(make.student()).get("/coaches/")
    [card] = page.all("main article")
    links = [link["href"] for link in card.select("a[href^='/sessions/book/']")]
    assert links == [f"/sessions/book/{slot.id}" for slot in (later[3], later[1], later[2])]
    assert chips(page) == ["Fri 6 Mar, 10:00 GMT", "Sat 7 Mar, 10:00 GMT", "Sun 8 Mar, 10:00 GMT"]
    assert page.links(f"/coaches/{coach.id}")
    assert "Careers in science" in main(page)
    assert client.get(links[0]).h1 == "Book Ana ?"


def test_times_are_the_readers_not_the_coachs_and_say_their_zone(make: Make, client):
    make.slot(make.coach(zone="America/New_York"), at("2026-03-06 22:00"))
    page = client.sign_in(make.student(zone="Asia/Kathmandu")).get("/coaches/")
    assert chips(page) == ["Sat 7 Mar, 03:45 UTC+05:45"]
    assert times_without_zone(page) == []


@pytest.mark.parametrize("who", ["coach", "admin"])
def test_who_cannot_book_sees_the_times_without_links(make: Make, client, who):
    coach = make.coach("Ana")
    make.slot(coach)
    password = "correct horse battery"
    person = make.coach() if who == "coach" else make.admin(password=password)
    client.sign_in(person, password if who == "admin" else None)
    for url in ("/coaches/", f"/coaches/{coach.id}"):
        page = client.get(url)
        assert "Ana" in main(page)
        assert page.texts("main time")
        assert page.links("/sessions/book/") == []


# Looking for somebody


@pytest.fixture
def three(make: Make, client):
    make.slot(make.coach("Ana 100% Silva", headline="Careers in science"))
    make.slot(make.coach("Bo_Berg", headline="A calm week"))
    make.slot(make.coach("Cy <b>Cole</b>", headline='Interviews, "negotiations" \\ & more'))
    client.sign_in(make.student())
    return client


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ana", ["Ana 100% Silva"]),
        ("SILVA", ["Ana 100% Silva"]),
        ("  ana   100% ", ["Ana 100% Silva"]),
        ("calm", ["Bo_Berg"]),
        ("%", ["Ana 100% Silva"]),
        ("_", ["Bo_Berg"]),
        ("o_b", ["Bo_Berg"]),
        ("a_a", []),
        ("%a", []),
        ("<b>", ["Cy <b>Cole</b>"]),
        ('"', ["Cy <b>Cole</b>"]),
        ("\\", ["Cy <b>Cole</b>"]),
        ("/", ["Cy <b>Cole</b>"]),
        ("'; DROP TABLE user; --", []),
        ("\u202e", []),
        ("x" * 5000, []),
        ("", ["Ana 100% Silva", "Bo_Berg", "Cy <b>Cole</b>"]),
        ("   ", ["Ana 100% Silva", "Bo_Berg", "Cy <b>Cole</b>"]),
    ],
)
def test_a_part_of_name_or_headline_finds_them_and_every_sign_is_itself(three, typed, found):
    page = three.get("/coaches/", query_string={"q": typed})
    assert page.status == 200
    assert names(page) == found
    if len(typed) < 160:
        assert page.value("q") == " ".join(typed.split()), "what was typed is still there"
    if not found:
        assert "Nobody fits that Try another word or another day." in main(page)
        assert "/coaches/" in page.links()


def test_a_day_is_the_readers_day(make: Make, client):
    ana, bo = make.coach("Ana"), make.coach("Bo")
    make.slot(ana, at("2026-03-06 16:00"))  # 21:45 in Kathmandu
    make.slot(ana, at("2026-03-06 18:00"))  # 23:45, over midnight
    make.slot(ana, at("2026-03-06 20:00"))  # 01:45 on the next day
    make.slot(bo, at("2026-03-07 18:15"))  # midnight: the day after that
    client.sign_in(make.student(zone="Asia/Kathmandu"))
    page = client.get("/coaches/?on=2026-03-06")
    assert (names(page), page.value("on")) == (["Ana"], "2026-03-06")
    assert chips(page) == ["Fri 6 Mar, 21:45 UTC+05:45", "Fri 6 Mar, 23:45 UTC+05:45"]
    assert chips(client.get("/coaches/?on=2026-03-07")) == ["Sat 7 Mar, 01:45 UTC+05:45"]
    assert names(client.get("/coaches/?on=2026-03-08")) == ["Bo"]
    assert "Nobody fits that" in main(client.get("/coaches/?on=2026-03-09"))


def test_word_and_day_go_together(make: Make, client):
    ana = make.coach("Ana")
    make.slot(ana, at("2026-03-06 10:00"))
    make.slot(make.coach("Bo"), at("2026-03-06 10:00"))
    client.sign_in(make.student())
    assert names(client.get("/coaches/?q=ana&on=2026-03-06")) == ["Ana"]
    assert names(client.get("/coaches/?q=ana&on=2026-03-07")) == []


@pytest.mark.parametrize("typed", ["björn", "BJÖRN", "ÅSTRÖM", "åström", "ΕΛΈΝΗ", "ольга"])
def test_case_does_not_matter_in_any_alphabet(make: Make, client, typed):
    make.slot(make.coach("Björn Åström Ελένη Ольга"))
    make.slot(make.coach("Bo"))
    assert names(client.sign_in(make.student()).get("/coaches/", query_string={"q": typed})) == [
        "Björn Åström Ελένη Ольга"
    ]


NONSENSE = ["on=soon", "on=2027-02-29", "on=0001-01-01", "on=9999-12-31", "on=2026-13-01", "on=-1", "on=", "on[]=x"]
NONSENSE += ["after=x", "after=-1", "after=", "after=999999", "after=99999999999999999999", "after=1.5", "after=1e3"]
NONSENSE += ["on=20271124", "on=2027-W48-2", "page=7", "q[]=ana", "sort=phone"]


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_in_the_query_counts_as_absent(three, query):
    page = three.get(f"/coaches/?{query}")
    assert page.status == 200
    assert len(names(page)) == 3


def test_who_has_nobody_to_choose_is_told_what_comes(make: Make, client):
    page = client.sign_in(make.student()).get("/coaches/")
    assert "No coach has a free time just now New times appear here as soon as a coach publishes them." in main(page)


# Pages of fifty


def walk(client, url: str) -> list[list[int]]:
    """Follow the links to the next page, and return who stands on each."""
    pages = []
    while url:
        page = client.get(url)
        pages.append([int(link.rpartition("/")[2]) for link in page.links("/coaches/") if link[9:].isdigit()])
        url = next_page(page) or ""
        assert len(pages) < 9, "it goes on for ever"
    return pages


KINDS = ["Ana", "ana", "Émile", "émile", "Øre", "王", "Ana %", "Zoë", "_", "👩🏽‍🚀"]


@pytest.mark.parametrize("kinds", [KINDS, ["Ana"], ["Ana", "ana"]])
def test_101_coaches_come_on_three_pages_that_lose_and_repeat_nobody(make: Make, client, kinds):
    everybody = [make.coach(kinds[number % len(kinds)]) for number in range(101)]
    for coach in everybody:
        make.slot(coach)
    pages = walk(client.sign_in(make.student()), "/coaches/")
    assert [len(those) for those in pages] == [50, 50, 1]
    assert sorted(one for page in pages for one in page) == [coach.id for coach in everybody]


def test_fifty_coaches_need_no_second_page(make: Make, client):
    for number in range(50):
        make.slot(make.coach(f"Coach {number:02}"))
    page = client.sign_in(make.student()).get("/coaches/")
    assert len(names(page)) == 50
    assert next_page(page) is None


def test_the_next_page_keeps_what_was_looked_for(make: Make, client):
    wanted = []
    for number in range(51):
        wanted.append(make.coach(f"Ana & {number:02}"))
        make.slot(wanted[-1], at("2026-03-06 10:00"))
        make.slot(make.coach(f"Bo {number:02}"), at("2026-03-06 10:00"))
    pages = walk(client.sign_in(make.student()), "/coaches/?q=Ana+%26&on=2026-03-06")
    assert pages == [[coach.id for coach in wanted[:50]], [wanted[50].id]]


def test_a_time_at_which_one_is_busy_is_shown_as_such_and_leads_to_why(make: Make, client, new_client):
    student, start = make.student(), at("2026-03-05 10:00")
    mine = make.session(starts_at=start, student=student)
    coach = make.coach("Ana")
    busy = make.slot(coach, start + timedelta(minutes=105))
    free = make.slot(coach, start + timedelta(hours=4))
    for url in ("/coaches/", f"/coaches/{coach.id}", "/"):
        page = client.sign_in(student).get(url)
        assert page.links("/sessions/book/") == [f"/sessions/book/{free.id}"], url
        [chip] = [chip for chip in page.all("a.chip") if chip["href"] == f"/sessions/{mine.id}"]
        assert "overlaps your session" in chip.get_text(), url
    other = new_client().sign_in(make.student())
    assert {f"/sessions/book/{slot.id}" for slot in (busy, free)} == set(
        other.get("/coaches/").links("/sessions/book/")
    )
    assert "overlaps your session" not in new_client().sign_in(coach).get("/coaches/").said
