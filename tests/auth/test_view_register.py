"""`/auth/register`: a student signs up, and is signed in."""

import pytest

from coaching.models import Role
from coaching.times import zones
from tests.make import Make, at
from tests.reading import alert, faults, flashes

BO = {
    "name": "Bo Student",
    "email": "bo@example.org",
    "phone": "+44 20 7946 0958",
    "time_zone": "Asia/Kathmandu",
    "password": "correct horse battery",
}


def people(everything) -> list[dict[str, object]]:
    columns = ("id", "role", "name", "email", "phone", "password_hash", "time_zone", "headline", "created_at")
    columns += ("hour_cycle", "first_weekday", "renamed_at")
    return [dict(zip(columns, row, strict=True)) for row in everything()["user"]]


def test_the_form_asks_for_what_the_contract_names(client):
    page = client.get("/auth/register")
    names = {box["name"] for box in page.all("main [name]:not([type=hidden])")}
    assert names == {"name", "email", "phone", "time_zone", "password"}
    assert page.links("/auth/sign-in")


def test_every_time_zone_can_be_chosen_and_none_is_chosen_beforehand(client):
    page = client.get("/auth/register")
    zones = [choice["value"] for choice in page.all("select[name=time_zone] option")]
    assert {"Europe/London", "Asia/Kathmandu", "America/Argentina/Buenos_Aires", "Australia/Lord_Howe", "UTC"} <= {
        *zones
    }
    assert len(zones) > 400
    assert page.value("time_zone") == ""


def test_who_registers_is_a_student_and_signed_in(client, everything):
    page = client.post("/auth/register", BO)
    assert (page.status, page.location) == (303, "/")
    start = client.follow(page)
    assert flashes(start) == ["Welcome, Bo Student. Choose a coach to talk to."]
    assert start.h1 == "Hello, Bo Student"
    assert "Asia/Kathmandu" in start.said
    [person] = people(everything)
    assert (person["role"], person["phone"], person["headline"]) == (Role.STUDENT, "+442079460958", "")
    assert "correct horse battery" not in str(everything())
    assert client.post("/auth/sign-out").status == 303
    page = client.post("/auth/sign-in", {"email": "BO@example.org", "password": "correct horse battery"})
    assert page.status == 303


@pytest.mark.parametrize("role", ["coach", "admin"])
def test_nobody_makes_themselves_a_coach(client, everything, role):
    client.post("/auth/register", BO | {"role": role, "headline": "I know it all", "id": "7"})
    [person] = people(everything)
    assert (person["role"], person["headline"]) == ("student", "")
    assert client.get("/slots/").status == 403


PHONES = {
    "+44 20 7946 0958": "+442079460958",
    "+44 (20) 7946-0958": "+442079460958",
    "+1 (415) 555-2671": "+14155552671",
    "+49 176 39047210": "+4917639047210",
    "  +44-20-7946-0958  ": "+442079460958",
}


@pytest.mark.parametrize("typed", PHONES)
def test_a_number_is_taken_as_people_write_it_and_kept_in_e164(client, everything, typed):
    assert client.post("/auth/register", BO | {"phone": typed}).status == 303
    assert people(everything)[0]["phone"] == PHONES[typed]


WRONG = [
    ("name", "", "Enter your name."),
    ("name", "   ", "Enter your name."),
    ("name", "x" * 81, "Use at most 80 characters."),
    ("name", "\u200b\u200b", "Use letters that can be seen."),
    ("name", "Bo\u202eevil", "Use letters that can be seen."),
    ("email", "", "Enter your e-mail address."),
    ("email", "   ", "Enter your e-mail address."),
    ("email", "bo", "Enter an e-mail address, such as ana@example.org."),
    ("email", "bo@example.org" + "x" * 250, "Enter an e-mail address, such as ana@example.org."),
    ("phone", "", "Enter your phone number."),
    ("phone", "   ", "Enter your phone number."),
    ("phone", "020 7946 0958", "Begin with + and the country, such as +44 20 7946 0958."),
    ("phone", "0044 20 7946 0958", "Begin with + and the country, such as +44 20 7946 0958."),
    ("phone", "+44", ""),
    ("phone", "+44 20", "That is too short or too long for a number of that country."),
    ("phone", "+44 20 7946 0958 0958 0958", ""),
    ("phone", "+999 20 7946 0958", "No country has numbers that begin so. Check the digits after the +."),
    ("phone", "+49555555555555555", ""),  # the German plan allows what E.164 does not: 17 digits
    ("phone", "+4955", ""),
    ("phone", "+44 20 ring me", "Use digits, blanks, dashes and brackets only, such as +44 20 7946 0958."),
    ("time_zone", "", "Choose your time zone."),
    ("time_zone", "Mars/Olympus", ""),
    ("time_zone", "europe/london", ""),
    ("time_zone", "../../etc/passwd", ""),
    ("time_zone", "Factory", ""),
    ("password", "", "Choose a password."),
    ("password", "x" * 9, "Use 10 to 128 characters. A few unrelated words make a good password."),
    ("password", "x" * 129, "Use 10 to 128 characters. A few unrelated words make a good password."),
]


@pytest.mark.parametrize(("name", "typed", "said"), WRONG, ids=[f"{name}={typed[:20]}" for name, typed, _ in WRONG])
def test_a_fault_is_said_beside_its_field_and_what_was_typed_is_still_there(client, everything, name, typed, said):
    page = client.post("/auth/register", BO | {name: typed})
    assert page.status == 422
    found = faults(page)
    assert set(found) == {name}
    assert found[name] == said or not said
    assert "Something is not right yet" in alert(page)
    assert page.links(f"#{name}"), "the summary leads to the field"
    for field, value in BO.items():
        wanted = {"password": "", "time_zone": value}.get(field, value) if field != name else None
        assert wanted is None or page.value(field) == wanted
    if name not in {"password", "time_zone"}:
        assert page.value(name).strip() == typed.strip()
    assert everything()["user"] == []
    assert client.get("/sessions/").status == 302, "nobody is signed in"


def test_every_fault_is_said_at_once(client):
    page = client.post("/auth/register")
    assert set(faults(page)) == {"name", "email", "phone", "time_zone", "password"}


NAMES = ["x" * 80, "عبد الرحمن بن محمد", "👩🏽‍🚀 Zoë", "<script>alert(1)</script>", "O’Connor & Söhne \"x\" 'y'", "王"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_kinds_are_said_as_they_are(client, name):
    assert client.post("/auth/register", BO | {"name": name}).status == 303
    page = client.get("/")
    assert page.h1 == f"Hello, {name}"
    assert page.all("script:not([src])") == []
    assert f"{name} (student)" in page.texts("option")
    assert client.get("/auth/profile").value("name") == name


@pytest.mark.parametrize("typed", ["ANA@example.org", "ana@EXAMPLE.org ", "ana@example.org"])
def test_an_address_belongs_to_one_person_however_it_is_written(make: Make, client, everything, typed):
    make.coach(email="ana@example.org")
    before = everything()
    page = client.post("/auth/register", BO | {"email": typed})
    assert page.status == 422
    assert faults(page) == {
        "email": "Somebody has registered with this e-mail address already. Is it you? Then sign in."
    }
    assert page.value("name") == "Bo Student"
    assert page.value("password") == ""
    assert everything() | {"attempt": []} == before


@pytest.mark.parametrize("length", [10, 128])
def test_a_password_may_be_as_long_as_a_sentence_and_is_not_trimmed(client, length):
    password = " " + "p" * (length - 2) + " "
    assert client.post("/auth/register", BO | {"password": password}).status == 303
    client.post("/auth/sign-out")
    form = {"email": BO["email"]}
    assert client.post("/auth/sign-in", form | {"password": password.strip()}).status == 422
    assert client.post("/auth/sign-in", form | {"password": password}).status == 303


@pytest.mark.parametrize(("length", "status"), [(254, 303), (255, 422)])
def test_an_address_may_have_254_characters(client, everything, length, status):
    email = "b" * 64 + "@" + "e" * 60 + "." + "f" * 60 + "." + "g" * (length - 64 - 1 - 61 - 61 - 4) + ".org"
    assert len(email) == length
    page = client.post("/auth/register", BO | {"email": email})
    assert page.status == status
    assert [row[3] for row in everything()["user"]] == ([email] if status == 303 else [])


def test_blanks_in_a_name_are_tidied(client, everything):
    client.post("/auth/register", BO | {"name": "  Bo   van \t der Berg "})
    assert people(everything)[0]["name"] == "Bo van der Berg"


HABITS = [
    ({"Accept-Language": "en-US,en;q=0.9"}, (12, 7)),
    ({"Accept-Language": "en;q=0.9,ar-EG;q=0.3"}, (12, 6)),
    ({"Accept-Language": "de-AT;q=0.2,en-US;q=0.8"}, (12, 7)),
    ({"Accept-Language": "en-GB"}, (24, 1)),
    ({"Accept-Language": "en"}, (24, 1)),
    ({"Accept-Language": ",;=;q=x,*"}, (24, 1)),
    ({"Accept-Language": "x" * 5000}, (24, 1)),
    ({}, (24, 1)),
]


@pytest.mark.parametrize(("headers", "habits"), HABITS)
def test_clocks_and_weeks_are_read_as_where_the_browser_comes_from(client, everything, headers, habits):
    assert client.post("/auth/register", BO, headers=headers).status == 303
    [person] = people(everything)
    assert (person["hour_cycle"], person["first_weekday"]) == habits


# The zones to choose from


def labels(page) -> dict[str, str]:
    return {str(choice["value"]): choice.get_text() for choice in page.all("select[name=time_zone] option")}


def test_each_zone_says_how_far_it_is_from_utc_now(client, clock):
    said = labels(client.get("/auth/register"))
    assert said["Asia/Kathmandu"] == "Kathmandu (UTC+05:45)"
    assert said["America/St_Johns"] == "St Johns (UTC-03:30)"
    assert said["Australia/Lord_Howe"] == "Lord Howe (UTC+11:00)"
    assert said["America/Argentina/Buenos_Aires"] == "Argentina – Buenos Aires (UTC-03:00)"
    clock.move_to(at("2026-06-01 12:00"))
    said = labels(client.get("/auth/register"))
    assert said["America/St_Johns"] == "St Johns (UTC-02:30)"
    assert said["Australia/Lord_Howe"] == "Lord Howe (UTC+10:30)"


def test_what_is_no_place_comes_last_and_no_sign_misleads(client):
    page = client.get("/auth/register")
    *places, others = page.all("select[name=time_zone] optgroup")
    assert others["label"] == "Others"
    listed = {str(choice["value"]) for choice in others.select("option")}
    assert {"UTC", "Etc/GMT+5", "Etc/UTC", "CET", "US/Eastern", "GB"} <= listed
    assert "Asia/Calcutta" not in listed, "an old name stands with its neighbours"
    assert labels(page)["Etc/GMT+5"] == "All year (UTC-05:00)"
    assert "GMT+5" not in " ".join(labels(page).values())
    assert {group["label"] for group in places} >= {"Africa", "America", "Asia", "Europe", "Pacific"}
    assert set(labels(page)) - {""} == set(zones())


@pytest.mark.parametrize("zone", ["Asia/Calcutta", "Asia/Katmandu", "US/Eastern", "Etc/GMT+5", "GB", "CET", "UTC"])
def test_every_name_of_a_zone_is_taken_and_shown_as_it_was_picked(client, everything, zone):
    assert client.post("/auth/register", BO | {"time_zone": zone}).status == 303
    assert people(everything)[0]["time_zone"] == zone
    assert client.get("/auth/profile").value("time_zone") == zone
    assert f"in {zone}, where it is now" in client.get("/").said


def test_the_page_stays_small(client):
    assert len(client.get("/auth/register").text) < 56_000  # 32 kB of which are zones
