"""The whole job in a browser: publish, book, talk, leave feedback, read it back; and the way in and out."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import Keyboard, Mouse, WithoutScript
from tests.browser.places import press, sign_in
from tests.make import Make, at
from tests.visiting import text_of

COACH, STUDENT = "Amara Okafor", "Liam Murphy"
NOTE = "Arrived with **three questions**.\n\n- left with three answers"


@pytest.mark.parametrize(
    ("databases", "hand"),
    [
        pytest.param("sqlite", Mouse, id="by mouse"),
        pytest.param("postgresql", Mouse, id="by mouse, on PostgreSQL"),
        pytest.param("sqlite", WithoutScript, id="without script"),
        pytest.param("sqlite", Keyboard, id="by keyboard alone"),
    ],
    indirect=["databases"],
)
def test_a_coach_publishes_a_student_books_they_talk_and_the_coach_leaves_feedback(
    make: Make, clock: Any, site: str, new_window: Callable[..., Page], hand: type[Mouse]
) -> None:
    make.coach(COACH, phone="+442079460121")
    make.student(STUDENT, phone="+12025550113")
    at_desk = new_window(site, java_script_enabled=hand.script, viewport={"width": 1280, "height": 800})
    on_phone = new_window(site, java_script_enabled=hand.script, viewport={"width": 360, "height": 740})
    coach, student = hand(at_desk), hand(on_phone)

    act_as(coach, f"{COACH} (coach)")
    coach.follow("Availability")
    coach.write("Date", "2026-03-03", typed="03032026")
    coach.write("Starts at", "10:00", typed="1000AM")
    coach.press("Publish")
    expect(at_desk.get_by_role("status")).to_have_text(re.compile("^Published: "))
    expect(at_desk.get_by_role("main")).to_contain_text("10:00–12:00 GMT Free")

    act_as(student, f"{STUDENT} (student)")
    student.follow("Coaches")
    student.follow(f"Book {COACH}, Tue 3 Mar, 10:00 GMT")
    student.write("What would you like to talk about? (optional)", "My first review as a team lead.")
    student.press("Book this time")
    expect(on_phone.get_by_role("status")).to_contain_text(f"You are booked with {COACH}.")
    expect(number_on(on_phone)).to_have_attribute("href", "tel:+442079460121")
    expect(number_on(on_phone)).to_have_text("+44 20 7946 0121")
    student.follow("Sessions")
    expect(number_on(on_phone)).to_have_text("+44 20 7946 0121")

    coach.follow("Start")
    expect(at_desk.get_by_role("article")).to_contain_text("My first review as a team lead.")
    expect(number_on(at_desk)).to_have_attribute("href", "tel:+12025550113")
    coach.follow("Sessions")
    expect(number_on(at_desk)).to_have_text("+1 202-555-0113")

    clock.move_to(at("2026-03-03 12:01"))
    coach.follow("Start")
    coach.follow(f"Leave feedback on {STUDENT}, Tue 3 Mar, 10:00 GMT")
    coach.choose("How satisfied was the student?", "4 – satisfied")
    coach.write("Notes", NOTE)
    coach.press("Save")
    expect(at_desk.get_by_role("status")).to_have_text("Your feedback is saved.")
    expect(at_desk.get_by_role("strong")).to_have_text("three questions")

    coach.follow("Sessions")
    coach.follow("Previous")
    expect(at_desk.get_by_role("main")).to_contain_text("4 – satisfied")
    expect(at_desk.get_by_role("listitem").filter(has_text=re.compile("^left with three answers$"))).to_be_visible()
    look_up_number(coach, STUDENT, "+1 202-555-0113")

    student.follow("Sessions")
    student.follow("Previous")
    for word in ("satisfied", "three questions", "feedback"):
        assert word not in on_phone.content()
    look_up_number(student, COACH, "+44 20 7946 0121")
    for word in ("satisfied", "three questions", "feedback"):
        assert word not in on_phone.content()


@pytest.mark.parametrize("hand", [Mouse, WithoutScript], ids=["by mouse", "without script"])
def test_a_coach_cancels_and_the_student_books_another_from_the_mail_in_two_clicks(
    make: Make, send: Callable[..., Any], site: str, new_window: Callable[..., Page], hand: type[Mouse]
) -> None:
    make.coach(COACH)
    other = make.coach("Grace Coleman", phone="+442079460133")
    make.student(STUDENT, email="liam@example.org")
    for coach_, when in ((other, "2026-03-05 15:00"), (other, "2026-03-20 10:00")):
        make.slot(coach_, at(when))
    at_desk = new_window(site, java_script_enabled=hand.script, viewport={"width": 1280, "height": 800})
    on_phone = new_window(site, java_script_enabled=hand.script, viewport={"width": 360, "height": 740})
    coach, student = hand(at_desk), hand(on_phone)
    act_as(coach, f"{COACH} (coach)")
    coach.follow("Availability")
    coach.write("Date", "2026-03-05", typed="03052026")
    coach.write("Starts at", "10:00", typed="1000AM")
    coach.press("Publish")
    act_as(student, f"{STUDENT} (student)")
    student.follow("Coaches")
    student.follow(f"Book {COACH}, Thu 5 Mar, 10:00 GMT")
    student.press("Book this time")

    coach.follow("Start")
    coach.follow("Details")
    coach.follow("Cancel the session")
    coach.press("Cancel the session")
    expect(at_desk.get_by_role("main")).to_contain_text("Cancelled by you")

    [mail] = [mail for mail in send() if "Cancelled" in mail["Subject"] and mail["To"].addresses[0].username == "liam"]
    nearest, *_ = re.findall(r"^(http://\S+/sessions/book/\d+)$", text_of(mail), re.MULTILINE)
    on_phone.goto(nearest.replace("http://127.0.0.1:5000", site))
    expect(on_phone.get_by_role("heading", level=1)).to_have_text("Book Grace Coleman?")
    expect(on_phone.get_by_role("main")).to_contain_text("Thursday 5 March 2026, 15:00–17:00 GMT")
    student.press("Book this time")
    expect(number_on(on_phone)).to_have_attribute("href", "tel:+442079460133")
    student.follow("News 1 unread")
    expect(on_phone.get_by_role("main")).to_contain_text(f"{COACH} has cancelled your session")


def act_as(who: Mouse, option: str) -> None:
    """Become a person by the dropdown on every page."""
    who.page.goto("/")
    who.choose("Acting as", option)
    who.press("Switch")
    expect(who.page.get_by_role("status")).to_have_text(f"You are now acting as {option}.")


def number_on(page: Page) -> Any:
    """Return the number on a page that can be tapped."""
    return page.get_by_role("main").get_by_role("link", name=re.compile(r"\+\d"))


def look_up_number(who: Mouse, name: str, number: str) -> None:
    """Press the name on the previous tab: it opens a dialog, and without script it leads to the session's page."""
    page, button = who.page, re.compile(rf"^{name}\s?: phone number$")
    expect(page.get_by_text(number)).to_be_hidden()
    if who.script:
        who.push(button)
        dialog = page.get_by_role("dialog", name=name)
        expect(dialog.get_by_role("link", name=number)).to_be_visible()
        who.push("Close")
        expect(dialog).to_be_hidden()
    else:
        who.press(button)
        expect(page.get_by_role("heading", name=f"Session with {name}")).to_be_visible()
        expect(page.get_by_role("link", name=number)).to_be_visible()


# In and out


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Asia/Kolkata"])
def test_who_registers_finds_their_time_zone_chosen(site: str, new_window: Callable[..., Page], zone: str) -> None:
    window = new_window(site, timezone_id=zone)
    window.goto("/")
    window.get_by_role("link", name="Register as a student").click()
    expect(window.get_by_label("Time zone")).to_have_value(zone)


def test_a_new_student_registers_signs_out_and_in_again(site: str, new_window: Callable[..., Page]) -> None:
    window = new_window(site, timezone_id="Asia/Tokyo")
    window.goto("/auth/register")
    window.get_by_label("Name").fill("さくら 田中")
    window.get_by_label("E-mail").fill("sakura@example.org")
    window.get_by_label("Phone").fill("+1 (202) 555-0147")
    window.get_by_label("Password").fill("correct horse battery")
    window.get_by_role("button", name="Register").click()
    expect(window.get_by_role("status")).to_have_text("Welcome, さくら 田中. Choose a coach to talk to.")
    expect(window.get_by_role("contentinfo")).to_contain_text("Asia/Tokyo, where it is now 17:00 JST")

    window.get_by_role("button", name="Sign out").click()
    expect(window.get_by_role("status")).to_have_text("You are signed out.")
    window.goto("/sessions/?when=previous")
    expect(window).to_have_url(re.compile("/auth/sign-in"))
    window.get_by_label("E-mail").fill("SAKURA@example.org")
    window.get_by_label("Password").fill("correct horse battery")
    window.get_by_role("button", name="Sign in").click()
    expect(window).to_have_url(f"{site}/sessions/?when=previous")
    expect(window.get_by_role("heading", name="Your sessions")).to_be_visible()


def test_a_wrong_password_is_told_and_the_address_stays(make: Make, site: str, new_window: Callable[..., Page]) -> None:
    student = make.student(password="correct horse battery")
    window = new_window(site)
    sign_in(window, student.email, "wrong horse battery")
    expect(window.get_by_role("alert")).to_be_focused()
    expect(window.get_by_label("E-mail")).to_have_value(student.email)
    expect(window.get_by_label("Password")).to_have_value("")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_every_fault_leads_to_its_field(site: str, new_window: Callable[..., Page], script: bool) -> None:
    window = new_window(site, java_script_enabled=script)
    window.goto("/auth/register")
    window.get_by_label("Name").fill("Zoë Müller")
    window.get_by_role("button", name="Register").click()
    summary = window.get_by_role("alert")
    expect(summary.get_by_role("heading", name="Something is not right yet")).to_be_visible()
    if script:
        expect(summary).to_be_focused()
    links = summary.get_by_role("link").all()
    assert len(links) >= 3
    for link in links:
        said = link.inner_text()
        link.click()
        field = window.locator("main :is(input, select, textarea):focus")
        expect(field).to_have_accessible_description(re.compile(re.escape(said)))
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_in_viewport()
    expect(window.get_by_label("Name")).to_have_value("Zoë Müller")


def test_the_question_which_of_two_hours_is_meant_leads_to_its_choice(
    make: Make, site: str, new_window: Callable[..., Page]
) -> None:
    window = new_window(site)
    act_as(Mouse(window), f"{make.coach().name} (coach)")
    window.goto("/slots/")
    press(window, "Publish", date="2026-10-25", time="01:30")
    window.get_by_role("alert").get_by_role("link").click()
    expect(window.get_by_role("radio").first).to_be_focused()
    window.keyboard.press("ArrowDown")
    expect(window.get_by_label("The second")).to_be_checked()
    window.get_by_role("button", name="Publish").click()
    expect(window.get_by_role("status")).to_have_text(re.compile("^Published: "))
    expect(window.get_by_role("main")).to_contain_text("01:30–03:30 GMT")
