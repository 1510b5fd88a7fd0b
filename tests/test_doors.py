"""Who may pass which door: every role at every address, in one table."""

from urllib.parse import quote

import pytest

from tests.make import Make
from tests.world import World, enter, small_world

COLUMNS = ["stranger", "other student", "other coach", "its student", "its coach", "admin"]

# What everybody is answered. "Its" coach and student are those of the slots and sessions asked for. The forms are
# filled in as in FORMS: where it is nothing, 422 says that the door is open.
DOORS = """
    GET  /                                        200  200  200  200  200  200
    GET  /healthz                                 200  200  200  200  200  200
    GET  /readyz                                  200  200  200  200  200  200
    GET  /static/<path:filename>                  200  200  200  200  200  200
    GET  /bootstrap/static/<path:filename>        200  200  200  200  200  200

    GET  /coaches/                                302  200  200  200  200  200
    GET  /coaches/soonest                         302  200  200  200  200  200
    GET  /coaches/<int:coach_id>                  302  200  200  200  200  200

    POST /coaches/wait                            302  303  403  303  403  403
    POST /coaches/wait/stop                       302  303  403  303  403  403
    POST /coaches/<int:coach_id>/wait             302  303  403  303  403  403
    POST /coaches/<int:coach_id>/wait/stop        302  303  403  303  403  403

    GET  /news/                                   302  200  200  200  200  403
    POST /news/read                               302  303  303  303  303  403
    GET  /news/mails                              302  200  200  200  200  200
    POST /news/mails                              302  303  303  303  303  303
    GET  /news/off/<token>                        200  200  200  200  200  200
    POST /news/off/<token>                        200  200  200  200  200  200

    GET  /slots/                                  302  403  200  403  200  403
    POST /slots/offer                             302  403  303  403  303  403
    POST /slots/offer/preview                     302  403  200  403  200  403
    GET  /slots/copy                              302  403  200  403  200  403
    POST /slots/copy                              302  403  409  403  303  403
    GET  /slots/<int:slot_id>/move                302  403  404  403  200  403
    POST /slots/<int:slot_id>/move                302  403  404  403  303  403
    POST /slots/<int:slot_id>/withdraw            302  403  404  403  303  403

    GET  /sessions/                               302  200  200  200  200  403
    GET  /sessions/away                           302  403  200  403  200  403
    POST /sessions/away                           302  403  303  403  303  403
    GET  /sessions/book/<int:slot_id>             302  200  403  200  403  403
    POST /sessions/book/<int:slot_id>             302  303  403  303  403  403
    GET  /sessions/<int:session_id>               302  404  404  200  200  404
    GET  /sessions/<int:session_id>/move          302  404  404  200  200  404
    POST /sessions/<int:session_id>/move          302  404  404  303  303  404
    GET  /sessions/<int:session_id>/cancel        302  404  404  200  200  404
    POST /sessions/<int:session_id>/cancel        302  404  404  303  303  404
    GET  /sessions/<int:session_id>/feedback      302  404  404  403  200  404
    POST /sessions/<int:session_id>/feedback      302  404  404  403  303  404

    GET  /sessions/<int:session_id>.ics           302  404  404  200  200  404
    GET  /calendar/<token>.ics                    200  200  200  200  200  200
    GET  /calendar/                               302  200  200  200  200  403
    POST /calendar/feed                           302  303  303  303  303  403
    POST /calendar/feed/end                       302  303  303  303  303  403

    GET  /auth/profile                            302  200  200  200  200  200
    POST /auth/profile                            302  422  422  422  422  422
    GET  /auth/sign-in                            200  200  200  200  200  200
    POST /auth/sign-in                            422  422  422  422  422  422
    GET  /auth/register                           200  200  200  200  200  200
    POST /auth/register                           422  422  422  422  422  422
    GET  /auth/confirm/<token>                    200  200  200  200  200  200
    POST /auth/confirm/<token>                    422  422  422  422  422  422
    GET  /auth/sent                               200  200  200  200  200  200
    GET  /auth/forgotten                          200  200  200  200  200  200
    POST /auth/forgotten                          422  422  422  422  422  422
    GET  /auth/reset/<token>                      200  200  200  200  200  200
    POST /auth/reset/<token>                      422  422  422  422  422  422
    GET  /auth/email/<token>                      200  200  200  200  200  200
    POST /auth/email/<token>                      303  303  303  303  303  303
    GET  /auth/password                           302  200  200  200  200  200
    POST /auth/password                           302  422  422  422  422  422
    GET  /auth/email                              302  200  200  200  200  200
    POST /auth/email                              302  422  422  422  422  422
    GET  /auth/devices                            302  200  200  200  200  200
    POST /auth/devices/<int:sign_in_id>/end       302  404  404  404  303  404
    POST /auth/devices/end                        302  303  303  303  303  303
    POST /auth/sign-out                           302  303  303  303  303  303
    POST /auth/switch                             303  303  303  303  303  303
"""

ANSWERS = {
    (method, rule): dict(zip(COLUMNS, map(int, answers), strict=True))
    for method, rule, *answers in map(str.split, filter(str.strip, DOORS.splitlines()))
}
BEHIND_A_DOOR = [(method, rule) for (method, rule), answers in ANSWERS.items() if answers["stranger"] == 302]


def addresses(world: World) -> dict[tuple[str, str], str]:
    """Return the address to use for each door: that of a thing with which the door's errand can be done."""
    things = {
        "/coaches/<int:coach_id>": world.coach.id,
        "/coaches/<int:coach_id>/wait": world.coach.id,
        "/coaches/<int:coach_id>/wait/stop": world.coach.id,
        "/news/off/<token>": world.off,
        "/slots/<int:slot_id>/move": world.to_move.id,
        "/slots/<int:slot_id>/withdraw": world.to_withdraw.id,
        "/sessions/book/<int:slot_id>": world.free.id,
        "/sessions/<int:session_id>": world.upcoming.id,
        "/sessions/<int:session_id>/move": world.upcoming.id,
        "/sessions/<int:session_id>/cancel": world.to_cancel.id,
        "/sessions/<int:session_id>/feedback": world.waiting.id,
        "/sessions/<int:session_id>.ics": world.upcoming.id,
        "/calendar/<token>.ics": world.feed,
        "/auth/confirm/<token>": world.confirm,
        "/auth/reset/<token>": world.reset,
        "/auth/email/<token>": world.move,
        "/auth/devices/<int:sign_in_id>/end": world.elsewhere.id,
    }
    files = {"/static/<path:filename>": "style.css", "/bootstrap/static/<path:filename>": "css/bootstrap.min.css"}
    return {(method, rule): filled_in(rule, (things | files).get(rule, "")) for method, rule in ANSWERS}


def filled_in(rule: str, thing: object) -> str:
    """Put a thing's id into the place for it."""
    before, bracket, after = rule.partition("<")
    return before + quote(str(thing)) + after.partition(">")[2] if bracket else rule


def forms(world: World) -> dict[str, dict[str, object]]:
    """Return what is sent, where it is more than an empty form."""
    return {
        "/slots/offer": {"date": "2027-01-04", "time": "10:00", "weeks": "1"},
        "/slots/offer/preview": {"date": "2027-01-04", "time": "10:00", "weeks": "1"},
        "/slots/<int:slot_id>/move": {"date": "2027-01-11", "time": "10:00"},
        "/sessions/<int:session_id>/move": {"slot_id": world.target.id},
        "/sessions/<int:session_id>/feedback": {"rating": "5", "note": ""},
        "/auth/switch": {"user_id": world.other_student.id},
    }


def visit(client, door: tuple[str, str], address: str, form: dict[str, object]):
    return client.get(address) if door[0] == "GET" else client.post(address, form)


def test_every_address_is_in_the_table_and_nothing_else_is(app):
    there = {
        (method, rule.rule) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) & {"GET", "POST"}
    }
    assert there == set(ANSWERS)
    others = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()} - {"GET", "POST"}
    assert others == {"HEAD", "OPTIONS"}, "a method that the table does not know"


def test_every_door_says_whom_it_is_for_and_agrees_with_the_table(app):
    """A view without a mark is closed to everybody: it is for nobody by mistake, but it is of no use either."""
    for rule in app.url_map.iter_rules():
        for_whom = getattr(app.view_functions[rule.endpoint], "for_whom", frozenset())
        assert for_whom, f"{rule.rule} does not say whom it is for"
        for method in (rule.methods or set()) & {"GET", "POST"}:
            open_to_strangers = ANSWERS[method, rule.rule]["stranger"] != 302
            assert open_to_strangers == ("stranger" in for_whom), f"{method} {rule.rule}"


@pytest.mark.parametrize("who", COLUMNS)
def test_everybody_is_answered_as_the_table_says(make: Make, new_client, who):
    world = small_world(make)
    client = new_client()
    answered, expected = {}, {}
    for door, address in addresses(world).items():
        if door[1].startswith("/auth/") or not answered:  # a door that may have led to being somebody else
            client = enter(new_client(), world.people[who])
        expected[door] = ANSWERS[door][who]
        answered[door] = visit(client, door, address, forms(world).get(door[1], {})).status
    assert answered == expected


@pytest.mark.parametrize("who", COLUMNS)
def test_head_is_answered_as_get_without_a_body(make: Make, new_client, who):
    world = small_world(make)
    client = enter(new_client(), world.people[who])
    for (method, rule), address in addresses(world).items():
        if method == "GET":
            head = client.bare("HEAD", address)
            assert (head.status, head.text) == (ANSWERS[method, rule][who], ""), rule
            if head.status == 302:
                assert head.location == f"/auth/sign-in?next={address}"


def test_a_stranger_is_sent_to_sign_in_whether_or_not_there_is_such_a_thing(make: Make, client):
    world = small_world(make)
    for there in (True, False):
        for door in BEHIND_A_DOOR:
            address = addresses(world)[door] if there else filled_in(door[1], 999_999)
            page = visit(client, door, address, forms(world).get(door[1], {}))
            wanted = f"?next={address}" if door[0] == "GET" else ""
            assert (page.status, page.location) == (302, f"/auth/sign-in{wanted}"), door


@pytest.mark.parametrize("who", COLUMNS[1:])
def test_what_is_not_there_is_answered_like_what_is_somebody_elses(make: Make, new_client, who):
    world = small_world(make)
    client = enter(new_client(), world.people[who])
    for door, answers in ANSWERS.items():
        if "<int:" not in door[1]:
            continue
        page = visit(client, door, filled_in(door[1], 999_999), forms(world).get(door[1], {}))
        wrong_role = 403 in {answers[who]} and not door[1].endswith("/feedback")
        assert page.status == (403 if wrong_role else 404), door


def test_a_person_is_no_coach_whatever_page_they_are_looked_for_on(make: Make, client):
    world = small_world(make)
    client.sign_in(world.student)
    for person in (world.student, world.other_student, world.admin):
        assert client.get(f"/coaches/{person.id}").status == 404


def test_the_wrong_method_is_refused_and_the_right_one_named(make: Make, new_client):
    world = small_world(make)
    allowed: dict[str, set[str]] = {}
    for method, rule in ANSWERS:
        allowed.setdefault(rule, set()).add(method)
    for client in (new_client(), new_client().sign_in(world.coach)):
        for (_, rule), address in addresses(world).items():
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - allowed[rule]:
                page = client.bare(method, address)
                assert page.status == 405, (method, rule)
                named = set(page.headers["Allow"].replace(",", " ").split())
                assert named - {"HEAD", "OPTIONS"} == allowed[rule], (method, rule)


def test_a_form_without_the_token_of_its_page_is_refused(make: Make, client, everything):
    world = small_world(make)
    client.sign_in(world.coach)
    before = everything()
    for (method, rule), address in addresses(world).items():
        if method == "POST" and ANSWERS[method, rule]["its coach"] in {303, 422}:  # not what a mail program sends
            for token in ({}, {"csrf_token": ""}, {"csrf_token": "made-up"}):
                page = client.bare("POST", address, data=token | forms(world).get(rule, {}))
                assert page.status == 400, rule
                assert "Open the page anew and try again" in page.said
    assert everything() == before


def test_a_form_of_before_signing_in_is_refused_afterwards(make: Make, client):
    coach = make.coach()
    stale = client.token()
    client.sign_in(coach)
    page = client.bare("POST", "/auth/sign-out", data={"csrf_token": stale})
    assert (page.status, page.h1) == (400, "This form has grown old")
    assert client.get("/slots/").status == 200, "and one is still signed in"


def test_outside_a_demo_there_is_no_door_for_acting_as_somebody_else(make: Make, new_app, new_client):
    world = small_world(make)
    real = new_client(new_app(COACHING_DEMO="0"))
    assert "/auth/switch" not in {rule.rule for rule in real.app.url_map.iter_rules()}
    for method in ("GET", "POST"):
        assert real.bare(method, "/auth/switch", data={"user_id": world.coach.id}).status == 404
    page = real.get("/")
    assert "Acting as" not in page.said
    assert "user_id" not in page.text
