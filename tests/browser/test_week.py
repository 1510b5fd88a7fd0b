"""The week in a browser: by click, keyboard, drag, without script, and on a telephone."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from coaching.models import User
from tests.browser.driving import served
from tests.browser.places import act_as
from tests.make import Make, at


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """Where the app is served."""
    with served(app) as address:
        yield address


@pytest.fixture
def coach(make: Make) -> User:
    """A coach with a free time on Wednesday at ten, and a session on Thursday."""
    coach = make.coach("Ana")
    make.slot(coach, at("2026-03-04 10:00"))
    make.session(coach=coach, student=make.student("Bo"), starts_at=at("2026-03-05 14:00"))
    return coach


@pytest.fixture
def open_week(site: str, coach: User, new_window: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the coach's week, in a window of its own."""

    def open_it(**options: object) -> Page:
        window = new_window(site, **{"viewport": {"width": 1280, "height": 1400}, **options})
        act_as(window, coach)
        window.goto("/slots/")
        return window

    return open_it


def block(window: Page, said: str) -> Locator:
    return window.locator(".block", has_text=said)


def free_hour(window: Page, day: str, hour: str) -> Locator:
    return window.get_by_role("link", name=re.compile(rf"^Offer a time on {day}( .+)? {hour}$"))


def middle(thing: Locator, quarter: float = 0.5) -> tuple[float, float]:
    """Return where to point at, so far down in something."""
    box = thing.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] * quarter


def drag(window: Page, from_: tuple[float, float], to: tuple[float, float]) -> None:
    window.mouse.move(*from_)
    window.mouse.down()
    window.mouse.move((from_[0] + to[0]) / 2, (from_[1] + to[1]) / 2, steps=4)
    window.mouse.move(*to, steps=4)
    window.mouse.up()


def test_a_click_on_a_free_hour_opens_the_form_at_that_time(open_week: Callable[..., Page]) -> None:
    window = open_week()
    free_hour(window, "Friday 6 March 2026", "9").click()
    expect(window.get_by_label("Date", exact=True)).to_have_value("2026-03-06")
    expect(window.get_by_label("Starts at")).to_have_value("09:00")
    expect(window.locator("#offer")).to_be_in_viewport()
    window.get_by_role("button", name="Publish", exact=True).click()
    expect(window.get_by_text("Published: Friday 6 March 2026, 09:00–11:00 GMT.")).to_be_visible()


def test_a_drag_over_free_hours_offers_from_where_it_began_and_in_place(open_week: Callable[..., Page]) -> None:
    window = open_week(viewport={"width": 1280, "height": 900})
    window.evaluate("window.isStillThere = true")
    hour = free_hour(window, "Friday 6 March 2026", "13")
    hour.scroll_into_view_if_needed()
    window.mouse.wheel(0, 200)
    expect(hour).to_be_in_viewport()
    scrolled = window.evaluate("scrollY")
    x, y = middle(hour, 0.3)
    drag(window, (x, y), (x, y + hour.bounding_box()["height"] * 1.8))
    expect(window.get_by_text("Published: Friday 6 March 2026, 13:15–15:15 GMT.")).to_be_focused()
    expect(window.get_by_text("Published: Friday 6 March 2026, 13:15–15:15 GMT.")).to_be_in_viewport()
    expect(block(window, "13:15–15:15 GMT")).to_be_visible()
    assert window.evaluate("window.isStillThere"), "the page was not loaded anew"
    assert abs(window.evaluate("scrollY") - scrolled) < 120, "and stays where it was"


def test_a_drag_to_elsewhere_offers_there(open_week: Callable[..., Page]) -> None:
    window = open_week()
    from_ = middle(free_hour(window, "Friday 6 March 2026", "9"))
    drag(window, from_, middle(free_hour(window, "Saturday 7 March 2026", "16"), 0.6))
    expect(window.get_by_text("Published: Saturday 7 March 2026, 16:30–18:30 GMT.")).to_be_visible()


def test_a_slot_is_dragged_to_another_day_and_time(open_week: Callable[..., Page]) -> None:
    window = open_week()
    slot = block(window, "10:00–12:00 GMT")
    target = middle(free_hour(window, "Friday 6 March 2026", "16"), 0.3)
    drag(window, middle(slot.locator("summary"), 0.02), target)
    expect(window.get_by_text("The slot is moved to Friday 6 March 2026, 16:15–18:15 GMT.")).to_be_visible()
    expect(block(window, "10:00–12:00 GMT")).to_have_count(0)


def test_a_drag_that_is_refused_says_why_and_changes_nothing(open_week: Callable[..., Page], everything) -> None:
    window = open_week()
    before = everything()["time_slot"]
    onto = middle(block(window, "14:00–16:00 GMT").locator("summary"), 0.6)
    drag(window, middle(block(window, "10:00–12:00 GMT").locator("summary"), 0.02), onto)
    expect(window.get_by_role("alert")).to_contain_text("overlaps your slot at 14:00 GMT")
    expect(block(window, "10:00–12:00 GMT")).to_be_visible()
    expect(block(window, "14:00–16:00 GMT")).to_be_visible()
    assert everything()["time_slot"] == before


def test_a_drag_to_a_time_that_comes_twice_asks_which_and_takes_the_answer(open_week: Callable[..., Page]) -> None:
    window = open_week()
    window.goto("/slots/?week=2026-W43")
    drag(
        window,
        middle(free_hour(window, "Friday 23 October 2026", "9")),
        middle(free_hour(window, "Sunday 25 October 2026", "3"), 0.1),
    )
    slot = block(window, "03:00–05:00 GMT").locator("summary")
    drag(window, middle(slot, 0.02), middle(free_hour(window, "Sunday 25 October 2026", "1"), 0.1))
    window.get_by_label("The second, after they went back").check()
    window.get_by_role("button", name="Move it").click()
    expect(window.get_by_text("The slot is moved to Sunday 25 October 2026, 01:00–03:00 GMT.")).to_be_visible()


@pytest.mark.parametrize("how", ["Escape", "outside"])
def test_a_drag_can_be_given_up(open_week: Callable[..., Page], everything, how: str) -> None:
    window = open_week()
    before = everything()["time_slot"]
    window.mouse.move(*middle(block(window, "10:00–12:00 GMT").locator("summary"), 0.1))
    window.mouse.down()
    window.mouse.move(*middle(free_hour(window, "Friday 6 March 2026", "16")), steps=4)
    expect(window.locator(".ghost")).to_be_visible()
    if how == "Escape":
        window.keyboard.press("Escape")
    else:
        window.mouse.move(*middle(window.get_by_role("heading", level=1)), steps=4)
    window.mouse.up()
    expect(window.locator(".ghost")).to_have_count(0)
    expect(block(window, "10:00–12:00 GMT")).to_be_visible()
    assert everything()["time_slot"] == before


def test_by_keyboard_free_hours_are_one_stop_and_arrows_go_among_them(open_week: Callable[..., Page]) -> None:
    window = open_week()
    free_hour(window, "Tuesday 3 March 2026", "8").focus()
    window.keyboard.press("ArrowDown")
    expect(free_hour(window, "Tuesday 3 March 2026", "9")).to_be_focused()
    window.keyboard.press("ArrowRight")
    expect(free_hour(window, "Thursday 5 March 2026", "9")).to_be_focused()  # on Wednesday it would overlap
    window.keyboard.press("Tab")
    expect(block(window, "14:00–16:00 GMT").locator("summary")).to_be_focused()
    free_hour(window, "Thursday 5 March 2026", "9").focus()
    window.keyboard.press("Enter")
    expect(window.get_by_label("Starts at")).to_have_value("09:00")


def test_by_keyboard_a_menu_opens_closes_and_gives_the_focus_back(open_week: Callable[..., Page]) -> None:
    window = open_week()
    summary = block(window, "10:00–12:00 GMT").locator("summary")
    summary.focus()
    window.keyboard.press("Enter")
    expect(window.get_by_role("button", name="Withdraw Wednesday 4 March 2026, 10:00–12:00 GMT")).to_be_visible()
    window.keyboard.press("Tab")
    window.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(window.get_by_role("button", name="Withdraw")).to_have_count(0)
    summary.click()
    window.get_by_role("heading", level=1).click()
    expect(window.get_by_role("button", name="Withdraw")).to_have_count(0)


def test_without_script_all_of_it_can_be_done(open_week: Callable[..., Page]) -> None:
    window = open_week(java_script_enabled=False)
    free_hour(window, "Friday 6 March 2026", "9").click()
    window.get_by_role("button", name="Publish", exact=True).click()
    expect(window.get_by_text("Published: Friday 6 March 2026, 09:00–11:00 GMT.")).to_be_visible()
    block(window, "10:00–12:00 GMT").locator("summary").click()
    window.get_by_role("button", name="Withdraw Wednesday 4 March 2026").click()
    expect(window.get_by_text("The slot is withdrawn.")).to_be_visible()
    expect(block(window, "10:00–12:00 GMT")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False])
def test_on_a_telephone_one_day_is_shown_at_a_time(open_week: Callable[..., Page], script: bool) -> None:
    window = open_week(viewport={"width": 360, "height": 740}, has_touch=True, java_script_enabled=script)
    expect(block(window, "10:00–12:00 GMT")).to_be_hidden()
    expect(window.locator("tr.today")).to_be_visible()
    window.get_by_text("We4").or_(window.locator("label[for=day-3]")).first.tap()
    expect(block(window, "10:00–12:00 GMT")).to_be_visible()
    expect(window.locator("tr.today")).to_be_hidden()
    block(window, "10:00–12:00 GMT").locator("summary").tap()
    window.get_by_role("link", name="Move Wednesday 4 March 2026").tap()
    expect(window.get_by_role("heading", name="Move a slot")).to_be_visible()


def test_on_paper_there_is_the_week_and_nothing_to_press(open_week: Callable[..., Page]) -> None:
    window = open_week()
    window.emulate_media(media="print")
    expect(block(window, "10:00–12:00 GMT")).to_be_visible()
    expect(block(window, "Booked")).to_be_visible()
    expect(window.get_by_role("button", name="Publish")).to_be_hidden()
    expect(window.get_by_role("navigation", name="Weeks")).to_be_hidden()
