"""What can happen with people and their sign-ins."""

from datetime import timedelta
from time import perf_counter

import pytest

from coaching.auth import queries
from coaching.auth.rules import (
    CannotRegister,
    CannotSignIn,
    change_profile,
    hashed,
    notice,
    person_with,
    register,
    sign_in,
    sign_out,
    slow_hash,
)
from coaching.extensions import db
from coaching.models import Role, SignIn
from tests.make import NOW

LONGEST_SIGN_IN, LONGEST_IDLE = timedelta(days=30), timedelta(days=14)  # as the settings are by themselves
PASSWORD = "correct horse battery"
ANA = {
    "role": Role.STUDENT,
    "name": "Ana Silva",
    "email": "ana@example.org",
    "phone": "+442079460958",
    "time_zone": "Asia/Kathmandu",
    "password_hash": slow_hash(PASSWORD),
}

A_SECOND = timedelta(seconds=1)


def still(ask, opened: SignIn, now) -> SignIn | None:
    """Return the sign-in that its token stands for at a moment."""
    return ask(queries.signed_in, hashed(opened.token), seen_after=now - LONGEST_IDLE, now=now)


# Registering


@pytest.mark.parametrize("role", list(Role))
def test_a_person_is_kept_as_they_register(do, ask, role):
    person = do(register, **{**ANA, "role": role}, now=NOW)
    [kept] = ask(queries.everybody)
    assert (kept.id, kept.role, kept.name, kept.email) == (person.id, role, "Ana Silva", "ana@example.org")
    assert (kept.time_zone, kept.headline, kept.created_at) == ("Asia/Kathmandu", "", NOW)
    assert ask(queries.own_number, kept) == "+442079460958"


def test_a_password_is_kept_only_as_a_slow_hash(do, everything):
    do(register, **ANA, now=NOW)
    assert PASSWORD not in str(everything())
    assert "scrypt:" in str(everything()["user"])


def test_an_email_address_is_one_persons_only(make, do, everything):
    make.coach(email="ana@example.org")
    before = everything()
    with pytest.raises(CannotRegister, match="registered with this e-mail address already") as refusal:
        do(register, **ANA, now=NOW)
    assert refusal.value.field == "email"
    assert everything() == before


def test_one_can_go_on_after_a_refused_registration(make, do, ask):
    make.coach(email="ana@example.org")
    with pytest.raises(CannotRegister):
        do(register, **ANA, now=NOW)
    do(register, **{**ANA, "email": "ana.silva@example.org"}, now=NOW)
    assert [person.email for person in ask(queries.everybody)] == ["ana@example.org", "ana.silva@example.org"]


# Passwords


def test_address_and_password_that_belong_together_are_somebodys(do):
    ana = do(register, **ANA, now=NOW)
    do(register, **{**ANA, "email": "bo@example.org", "password_hash": slow_hash("another long word")}, now=NOW)
    assert do(person_with, "ana@example.org", PASSWORD).id == ana.id


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@example.org", "Correct horse battery"),
        ("ana@example.org", f" {PASSWORD}"),
        ("ana@example.org", f"{PASSWORD} "),
        ("ana@example.org", ""),
        ("nobody@example.org", PASSWORD),
        ("bo@example.org", PASSWORD),
        ("bo@example.org", ""),
        ("ana@example.or_", PASSWORD),
        ("%", PASSWORD),
    ],
)
def test_it_says_the_same_whichever_is_wrong(do, email, password):
    do(register, **ANA, now=NOW)
    do(
        register, **{**ANA, "email": "bo@example.org", "password_hash": None}, now=NOW
    )  # signs in without a password, or never
    with pytest.raises(CannotSignIn) as refusal:
        do(person_with, email, password)
    assert refusal.value.message == "That e-mail address and password do not belong together."
    assert refusal.value.field == "password"


def test_it_takes_as_long_for_an_address_that_nobody_has(do):
    do(register, **ANA, now=NOW)

    def seconds(email: str) -> float:
        began = perf_counter()
        with pytest.raises(CannotSignIn):
            do(person_with, email, "a wrong password")
        return perf_counter() - began

    assert min(seconds("nobody@example.org") for _ in range(3)) > min(seconds("ana@example.org") for _ in range(3)) / 2


# Sign-ins


def test_a_sign_in_is_known_by_its_token_of_which_only_a_hash_is_kept(make, do, ask, everything):
    person = make.student()
    opened = do(sign_in, person, lasts=LONGEST_SIGN_IN, now=NOW)
    assert still(ask, opened, NOW).person.id == person.id
    assert opened.get_id() == opened.token
    assert len(opened.token) >= 43  # 256 bits
    assert opened.token not in str(everything())
    assert hashed(opened.token) in str(everything())


def test_every_sign_in_has_a_token_of_its_own(make, do):
    person = make.student()
    assert len({do(sign_in, person, lasts=LONGEST_SIGN_IN, now=NOW).token for _ in range(5)}) == 5


@pytest.mark.parametrize("token", ["", "nonsense", "0" * 64])
def test_no_other_token_opens_anything(make, do, ask, token):
    do(sign_in, make.student(), lasts=LONGEST_SIGN_IN, now=NOW)
    assert ask(queries.signed_in, hashed(token), seen_after=NOW - LONGEST_IDLE, now=NOW) is None


def test_the_hash_itself_is_no_token(make, do, ask):
    opened = do(sign_in, make.student(), lasts=LONGEST_SIGN_IN, now=NOW)
    assert ask(queries.signed_in, hashed(hashed(opened.token)), seen_after=NOW - LONGEST_IDLE, now=NOW) is None


def test_signing_out_ends_that_sign_in_alone(make, do, ask):
    person = make.student()
    here, there = (do(sign_in, person, lasts=LONGEST_SIGN_IN, now=NOW) for _ in range(2))
    do(sign_out, here)
    assert still(ask, here, NOW) is None
    assert still(ask, there, NOW).person.id == person.id


@pytest.mark.parametrize(
    ("idle", "holds"), [(LONGEST_IDLE - A_SECOND, True), (LONGEST_IDLE, False), (LONGEST_IDLE + A_SECOND, False)]
)
def test_a_sign_in_ends_when_it_is_not_used(make, do, ask, idle, holds):
    opened = do(sign_in, make.student(), lasts=LONGEST_SIGN_IN, now=NOW)
    assert bool(still(ask, opened, NOW + idle)) is holds


@pytest.mark.parametrize(("before_the_end", "holds"), [(A_SECOND, True), (0 * A_SECOND, False), (-A_SECOND, False)])
def test_a_sign_in_ends_even_when_it_is_used(make, do, ask, before_the_end, holds):
    opened = do(sign_in, make.student(), lasts=LONGEST_SIGN_IN, now=NOW)
    end = NOW + LONGEST_SIGN_IN
    for days in range(1, 31):
        do(notice_again, opened.id, now=min(NOW + timedelta(days=days), end - A_SECOND))
    assert bool(still(ask, opened, end - before_the_end)) is holds


def notice_again(sign_in_id: int, *, now) -> None:
    notice(db.session.get(SignIn, sign_in_id), now=now)


def test_signing_in_clears_away_ones_own_sign_ins_that_have_ended(make, do, everything):
    person, other = make.student(), make.student()
    old = do(sign_in, person, lasts=LONGEST_SIGN_IN, now=NOW)
    of_other = do(sign_in, other, lasts=LONGEST_SIGN_IN, now=NOW)
    young = do(sign_in, person, lasts=LONGEST_SIGN_IN, now=NOW + timedelta(days=20))
    new = do(sign_in, person, lasts=LONGEST_SIGN_IN, now=NOW + LONGEST_SIGN_IN)
    kept = {row[0] for row in everything()["sign_in"]}
    assert kept == {of_other.id, young.id, new.id}
    assert old.id not in kept


# Profiles


def test_a_profile_can_be_changed(make, do, ask):
    coach = make.coach()
    do(
        change_profile,
        coach,
        name="Bo",
        phone="+442079460999",
        time_zone="Asia/Tokyo",
        headline="New in a role",
        now=NOW,
    )
    [kept] = ask(queries.everybody)
    assert (kept.name, kept.time_zone, kept.headline) == ("Bo", "Asia/Tokyo", "New in a role")
    assert ask(queries.own_number, kept) == "+442079460999"


@pytest.mark.parametrize("role", ["student", "admin"])
def test_only_a_coach_has_a_headline(make, do, ask, role):
    person = getattr(make, role)()
    do(
        change_profile,
        person,
        name="Bo",
        phone="+442079460999",
        time_zone="Asia/Tokyo",
        headline="I am a coach!",
        now=NOW,
    )
    assert ask(queries.everybody)[0].headline == ""


# Whom one can act as


def test_one_can_act_as_coaches_and_students_by_name_and_as_no_organiser(make, ask):
    make.admin("Adam")
    for name in ("Cleo", "Ana"):
        make.student(name)
    make.coach("Bo")
    assert [(person.name, person.role) for person in ask(queries.people_to_act_as)] == [
        ("Bo", "coach"), ("Ana", "student"), ("Cleo", "student")
    ]  # fmt: skip


def test_an_organiser_and_nobody_cannot_be_acted_as(make, ask):
    admin, student = make.admin(), make.student()
    assert ask(queries.person_to_act_as, student.id).id == student.id
    assert ask(queries.person_to_act_as, admin.id) is None
    assert ask(queries.person_to_act_as, 999) is None


def test_an_empty_database_has_nobody_in_it(make, ask):
    assert ask(queries.is_anybody_there) is False
    make.admin()
    assert ask(queries.is_anybody_there) is True
