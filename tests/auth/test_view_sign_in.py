"""`/auth/sign-in` and `/auth/sign-out`: coming in, going on to where one wanted to go, and leaving."""

from urllib.parse import quote, urljoin, urlsplit

import pytest

from tests.make import Make
from tests.reading import alert, faults, flashes, main
from tests.world import PASSWORD, give_password

UNSAFE = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "/\x0b/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "mailto:evil@evil.example",
    "//localhost@evil.example",
    "http://localhost@evil.example/",
    "http://localhost:80@evil.example/",
    "//evil.example/localhost",
    "http://localhost.evil.example/",
    "/%5cevil.example/..//evil.example\\",
    "/..//evil.example",
    "/.//evil.example",
    "/sessions/\r\nSet-Cookie: evil=1",
    "//[",
    "http://[",
    "/[",
    "//\u2100.example",
    "/\uff0fevil.example",
    "/\u2028/evil.example",
    "sessions/",
    "?next=//evil.example",
    "#",
    ".",
    "..",
    "",
    "/" + "a" * 3000,
]


def fill_in(client, person, password=PASSWORD, url="/auth/sign-in", **more):
    return client.post(url, {"email": person.email, "password": password, **more})


def test_the_form_asks_for_what_the_contract_names(client):
    page = client.get("/auth/sign-in")
    assert [box["name"] for box in page.all("main [name]:not([type=hidden])")] == ["email", "password", "remember"]
    kinds = {box["name"]: (box.get("type"), box.get("autocomplete")) for box in page.all("main input[name]")}
    assert kinds["email"] == ("email", "username")
    assert kinds["password"] == ("password", "current-password")
    assert page.links("/auth/register")


def test_who_signs_in_is_led_to_their_start_page(make: Make, client):
    student = make.student("Bo Student", password=PASSWORD)
    page = fill_in(client, student)
    assert (page.status, page.location) == (303, "/")
    assert client.follow(page).h1 == "Hello, Bo Student"


@pytest.mark.parametrize("typed", ["ANA@Example.ORG", "  ana@example.org ", "Ana@example.org"])
def test_an_address_is_known_however_it_is_written(make: Make, client, typed):
    make.coach(email="ana@example.org", password=PASSWORD)
    assert client.post("/auth/sign-in", {"email": typed, "password": PASSWORD}).status == 303


@pytest.mark.parametrize("wrong", [PASSWORD + " ", " " + PASSWORD, PASSWORD.upper(), PASSWORD[:-1], "x", "x" * 5000])
def test_a_password_is_taken_exactly_as_typed(make: Make, client, wrong):
    page = fill_in(client, make.student(password=PASSWORD), wrong)
    assert page.status == 422
    assert client.get("/sessions/").status == 302, "nobody is signed in"


def test_a_wrong_password_and_an_unknown_address_get_the_same_page(make: Make, client):
    known = make.student(password=PASSWORD)
    without_password = make.student()
    pages = [
        client.post("/auth/sign-in", {"email": email, "password": "wrong, and long enough"})
        for email in (known.email, "nobody@example.org", without_password.email)
    ]
    assert {page.status for page in pages} == {422}
    headers = [{name: said for name, said in page.headers if name != "Content-Length"} for page in pages]
    assert headers[0] == headers[1] == headers[2]
    for page, email in zip(pages, (known.email, "nobody@example.org", without_password.email), strict=True):
        assert faults(page) == {"password": "That e-mail address and password do not belong together."}
        assert page.value("email") == email, "what was typed is still there"
        assert page.value("password") == "", "but for the password"
    assert len({page.text.replace(page.value("email"), "") for page in pages}) == 1


@pytest.mark.parametrize(
    ("typed", "at_fault"),
    [
        ({}, {"email", "password"}),
        ({"email": "", "password": "x"}, {"email"}),
        ({"email": "   ", "password": "x"}, {"email"}),
        ({"email": "ana@example.org", "password": ""}, {"password"}),
        ({"email": "ana", "password": "x"}, {"email"}),
        ({"email": "ana@", "password": "x"}, {"email"}),
        ({"email": "@example.org", "password": "x"}, {"email"}),
        ({"email": "ana@example", "password": "x"}, {"email"}),
        ({"email": "ana@example.org, bo@example.org", "password": "x"}, {"email"}),
        ({"email": "a" * 250 + "@example.org", "password": "x"}, {"email"}),
    ],
)
def test_what_is_missing_or_no_address_is_said_beside_its_field(client, typed, at_fault):
    page = client.post("/auth/sign-in", typed)
    assert page.status == 422
    assert set(faults(page)) == at_fault
    assert page.value("email").strip() == typed.get("email", "").strip()
    assert alert(page), "and above the form, with a link to each field"
    assert {link.removeprefix("#") for link in page.links("#")} >= at_fault


def test_a_stranger_comes_back_to_where_they_wanted_to_go(make: Make, client):
    coach = make.coach(password=PASSWORD)
    session = make.session(coach=coach)
    asked = client.get(f"/sessions/{session.id}?from=a%20mail&x=%2B1")
    assert asked.location == f"/auth/sign-in?next=/sessions/{session.id}?from%3Da%2520mail%26x%3D%252B1"
    form = client.follow(asked)
    action = form.all("main form")[0].get("action") or asked.location
    refused = fill_in(client, coach, "wrong, and long enough", url=action)
    assert refused.status == 422
    page = fill_in(client, coach, url=refused.all("main form")[0].get("action") or action)
    assert (page.status, page.location) == (303, f"/sessions/{session.id}?from=a%20mail&x=%2B1")


@pytest.mark.parametrize("target", UNSAFE)
def test_nobody_is_led_to_another_site(make: Make, client, app, target):
    student = give_password(app, make.student())
    page = fill_in(client, student, url="/auth/sign-in?next=" + quote(target, safe=""))
    assert page.status in {303, 400}
    if page.status == 303:
        assert page.location.startswith("/")
        assert page.location[1:2] not in {"/", "\\"}
        assert not set(page.location) & set("\t\r\n\\")
        assert urlsplit(urljoin("http://localhost/auth/sign-in", page.location)).netloc == "localhost"
        assert "evil" not in page.headers.get("Set-Cookie", "")


@pytest.mark.parametrize("target", ["/coaches/?q=a%26b&on=2026-03-03", "/slots/?week=2026-W11", "/auth/profile", "/"])
def test_a_page_of_this_site_is_gone_on_to(make: Make, client, app, target):
    page = fill_in(client, give_password(app, make.coach()), url="/auth/sign-in?next=" + quote(target, safe=""))
    assert page.location == target


def test_signing_in_as_somebody_else_ends_the_former_sign_in(make: Make, client, everything):
    first, second = make.student(password=PASSWORD), make.coach(password=PASSWORD)
    fill_in(client, first)
    fill_in(client, second)
    assert [row[1] for row in everything()["sign_in"]] == [second.id]
    assert client.get("/slots/").status == 200


def test_who_signs_out_is_nobody_and_is_told_so(make: Make, client, everything):
    client.sign_in(make.coach())
    page = client.post("/auth/sign-out")
    assert (page.status, page.location) == (303, "/")
    assert flashes(client.follow(page)) == ["You are signed out."]
    assert client.get("/slots/").status == 302
    assert everything()["sign_in"] == []


def test_signing_out_here_leaves_the_other_browser_signed_in(make: Make, new_client):
    coach = make.coach()
    here, there = new_client().sign_in(coach), new_client().sign_in(coach)
    here.post("/auth/sign-out")
    assert there.get("/slots/").status == 200


def test_one_signs_out_with_a_button_that_posts(make: Make, client):
    client.sign_in(make.student())
    [form] = [form for form in client.get("/").all("form") if form.get("action") == "/auth/sign-out"]
    assert form["method"] == "post"
    assert client.get("/auth/sign-out").status == 405
    assert client.get("/sessions/").status == 200, "looking at the address does not sign out"


def test_a_stranger_is_told_what_this_is_and_how_to_get_in(client):
    page = client.get("/")
    assert {"/auth/sign-in", "/auth/register"} <= set(page.links())
    assert "Coaches publish the times they have. Students book one." in main(page)
