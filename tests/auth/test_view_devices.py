"""`/auth/devices`: where one is signed in, and how to end it."""

from datetime import timedelta

import pytest

from coaching import text
from tests.make import NOW, Make
from tests.reading import flashes, main, times_without_zone

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


def switch(client, person, agent):
    return client.post("/auth/switch", {"user_id": person.id}, headers={"User-Agent": agent})


def test_every_device_is_listed_and_this_one_marked(make: Make, client, new_client, clock):
    coach, other = make.coach(), make.coach()
    switch(new_client(), coach, "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0) AppleWebKit Version/20.0 Mobile Safari/604.1")
    new_client().sign_in(other)
    clock.shift(timedelta(hours=2))
    switch(client, coach, LINUX)
    page = client.get("/auth/devices")
    assert page.texts("main .row-time") == ["Firefox on Linux", "Safari on an iPhone"]
    assert page.texts("main .state") == ["This one"]
    assert times_without_zone(page) == []
    assert "/auth/devices" in client.get("/auth/profile").links()


def test_one_that_is_ended_is_nobodys_and_the_others_stay(make: Make, client, new_client):
    coach = make.coach()
    lost, kept = new_client().sign_in(coach), new_client().sign_in(coach)
    client.sign_in(coach)
    ends = [form["action"] for form in client.get("/auth/devices").all("main li form")]
    mine = client.get("/auth/devices")
    [here] = [row.find("form")["action"] for row in mine.all("main li") if row.select(".state")]
    first = sorted(set(ends) - {here})[0]  # the eldest
    page = client.post(first)
    assert (page.status, page.location) == (303, "/auth/devices")
    assert "is signed out." in flashes(client.follow(page))[0]
    assert [browser.get("/slots/").status for browser in (lost, kept, client)] == [302, 200, 200]


def test_this_one_can_be_ended_as_well(make: Make, client):
    client.sign_in(make.coach())
    [form] = client.get("/auth/devices").all("main li form")
    page = client.post(form["action"])
    assert (page.status, page.location) == (303, "/")
    assert page.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/slots/").status == 302


def test_all_can_be_ended_at_once(make: Make, client, new_client):
    coach, other = make.coach(), new_client().sign_in(make.coach())
    there = new_client().sign_in(coach)
    client.sign_in(coach)
    page = client.post("/auth/devices/end")
    assert page.status == 303
    assert flashes(client.follow(page)) == ["You are signed out everywhere."]
    assert [browser.get("/slots/").status for browser in (client, there, other)] == [302, 302, 200]


@pytest.mark.parametrize("where", ["sign-out", "devices/end"])
def test_the_browser_is_asked_to_forget_what_it_has_kept(make: Make, client, where):
    client.sign_in(make.coach())
    assert client.post(f"/auth/{where}").headers["Clear-Site-Data"] == '"cache", "storage"'


def test_somebody_elses_sign_in_is_not_there(make: Make, client, everything):
    theirs = make.sign_in(make.coach())
    client.sign_in(make.coach())
    assert client.post(f"/auth/devices/{theirs.id}/end").status == 404
    assert theirs.id in {row[0] for row in everything()["sign_in"]}


def test_who_was_deleted_is_signed_in_nowhere_and_their_cookie_is_never_anybody_elses(app, make: Make, client):
    from sqlalchemy import delete

    from coaching.extensions import db
    from coaching.models import User

    client.sign_in(make.student())
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(delete(User))
    for _ in range(3):
        make.student()
        assert client.get("/sessions/").status == 302


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (LINUX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/20.0 Safari/605.1.15", "Safari on a Mac"),
        ("curl/8.0", "A browser"),
        ("", "A browser"),
        ("<script>alert(1)</script>" * 99, "A browser"),
    ],
)
def test_of_a_browser_little_is_kept(agent, said):
    assert text.device(agent) == said


def test_those_that_have_run_out_are_not_listed(make: Make, client, clock):
    coach = make.coach()
    make.sign_in(coach)
    clock.move_to(NOW + timedelta(days=14))
    client.sign_in(coach)
    assert len(client.get("/auth/devices").all("main li form")) == 1
    assert "This one" in main(client.get("/auth/devices"))
