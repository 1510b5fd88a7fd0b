"""Acting as somebody else in a demo: `/auth/switch`, and the dropdown on every page."""

import pytest

from tests.make import Make
from tests.reading import flashes, words
from tests.world import PASSWORD, enter, small_world


def dropdown(page) -> list[str]:
    return [choice for choice in page.texts("select[name=user_id] option") if "…" not in choice]


def chosen(page) -> str:
    return " ".join(page.texts("select[name=user_id] option[selected]"))


def test_it_lists_coaches_and_students_with_what_they_are_and_no_organiser(make: Make, client):
    make.student("Zoë Müller")
    make.coach("Ana Silva")
    make.student("Ана")
    make.admin("Flo Admin")
    page = client.get("/")
    assert sorted(dropdown(page)) == sorted(["Ana Silva (coach)", "Zoë Müller (student)", "Ана (student)"])
    [label] = page.all("label[for=acting-as]")
    assert words(label) == "Acting as"


def test_it_stands_on_every_page_there_is(make: Make, client):
    world = small_world(make)
    client.sign_in(world.coach)
    urls = ["/", "/slots/", "/coaches/", f"/coaches/{world.coach.id}", "/sessions/", "/sessions/?when=previous"]
    urls += ["/auth/profile", "/auth/sign-in", "/auth/register", f"/slots/{world.booked.id}/move", "/nothing/here"]
    urls += [f"/sessions/{world.upcoming.id}{more}" for more in ("", "/move", "/cancel", "/feedback")]
    for url in urls:
        page = client.get(url)
        assert chosen(page) == "Ana Coach (coach)", url
        assert len(dropdown(page)) == 5, url


def test_one_stays_who_one_has_become_on_the_next_pages(make: Make, client):
    coach, student = make.coach("Ana"), make.student("Bo")
    page = client.post("/auth/switch", {"user_id": coach.id})
    assert (page.status, page.location) == (303, "/")
    assert flashes(client.follow(page)) == ["You are now acting as Ana (coach)."]
    assert client.get("/slots/").status == 200
    client.post("/auth/switch", {"user_id": student.id})
    assert client.get("/slots/").status == 403
    assert chosen(client.get("/coaches/")) == "Bo (student)"


def test_switching_is_a_sign_in_of_its_own_that_ends_the_former_one(make: Make, client, everything):
    coach, student = make.coach(), make.student()
    client.sign_in(coach)
    former = everything()["sign_in"]
    client.sign_in(student)
    now = everything()["sign_in"]
    assert [row[1] for row in former + now] == [coach.id, student.id]
    assert former[0][0] != now[0][0]


@pytest.mark.parametrize(
    "user_id", ["", "0", "-1", "999999", "2147483648", "99999999999999999999", "1e3", "Ana (coach)", "١", "1 "]
)
def test_somebody_who_is_not_there_cannot_be_acted_as(make: Make, client, user_id):
    client.sign_in(make.coach("Ana"))
    assert client.post("/auth/switch", {"user_id": user_id}).status == 404
    assert chosen(client.get("/")) == "Ana (coach)", "and one is still who one was"


def test_an_organiser_cannot_be_acted_as_but_can_act(make: Make, client):
    admin, coach = make.admin("Flo", password=PASSWORD), make.coach("Ana")
    assert client.post("/auth/switch", {"user_id": admin.id}).status == 404
    enter(client, admin)
    assert client.get("/").texts("select[name=user_id] option") == ["Choose a person …", "Ana (coach)"]
    assert client.post("/auth/switch", {"user_id": coach.id}).status == 303
    assert chosen(client.get("/")) == "Ana (coach)"


def test_a_link_cannot_switch(make: Make, client):
    coach, student = make.coach(), make.student("Bo")
    client.sign_in(student)
    assert client.get(f"/auth/switch?user_id={coach.id}").status == 405
    assert client.bare("POST", f"/auth/switch?user_id={coach.id}").status == 400, "the token of a page is missing"
    assert chosen(client.get("/")) == "Bo (student)"


def test_every_page_of_a_demo_says_that_it_is_one(client, new_app, new_client):
    assert "This is a demo: anybody can be anybody here." in client.get("/").said
    assert "demo" not in new_client(new_app(COACHING_DEMO="0")).get("/", base_url="https://localhost").said


def test_with_five_hundred_people_everybody_can_still_be_found(make: Make, client):
    for number in range(25):
        make.coach(f"Coach {number:03}")
    for number in range(475):
        make.student(f"Student {number:03}")
    page = client.get("/")
    assert len(dropdown(page)) == 500
    groups = {group["label"]: [words(one) for one in group.select("option")] for group in page.all("optgroup")}
    assert {name: len(those) for name, those in groups.items()} == {"Coaches": 25, "Students": 475}
    assert all(those == sorted(those) for those in groups.values())
