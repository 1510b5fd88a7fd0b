"""Everything can be reached and done by keyboard alone, in an order that follows the eye, with the focus in sight."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import Keyboard

SWEPT = ["welcome", "register, nothing right", "student's start", "coaches", "move", "coach's start", "availability",
         "coach's previous", "offer, twice that hour", "book, taken"]  # fmt: skip


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("place", SWEPT)
def test_the_focus_is_seen_and_goes_where_the_eye_goes(visit: Callable[..., Page], place: str, width: int) -> None:
    window = visit(place, width=width, scheme="light" if width == 360 else "dark")
    window.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
    keyboard, stops = Keyboard(window), []
    while (stop := keyboard.tab()) and not (stops and stop["what"] == stops[0]["what"]):
        stops.append(stop)
        assert len(stops) < 400, "the focus goes round and round"
    faults = [f"{stop['what']!r} {stop['fault']}" for stop in stops if stop["fault"]] + [
        f"from {before['what']!r} back to {after['what']!r}"
        for before, after in pairwise(stops[1:])  # the first is the skip link, which comes from outside
        if goes_back(before, after)
    ]
    assert len(stops) > 5
    assert not faults, "\n".join(faults)


def goes_back(before: dict[str, float], after: dict[str, float]) -> bool:
    """Tell whether the focus goes against the direction of reading: up, or to the left in one line."""
    above = after["bottom"] <= before["top"] + 1 and after["left"] <= before["left"]
    beside = after["top"] < before["bottom"] - 1 and before["top"] < after["bottom"] - 1
    return above or (beside and after["right"] <= before["left"] + 1)


def test_the_first_stop_skips_to_the_content(visit: Callable[..., Page]) -> None:
    window = visit("student's upcoming")
    skip = window.get_by_role("link", name="Skip to the content")
    expect(skip).not_to_be_in_viewport()
    window.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    window.keyboard.press("Enter")
    expect(window.get_by_role("main")).to_be_focused()
    window.keyboard.press("Tab")
    expect(window.get_by_role("main").get_by_role("link", name="Upcoming")).to_be_focused()


def test_the_dialog_takes_the_focus_keeps_it_and_gives_it_back(visit: Callable[..., Page]) -> None:
    window = visit("coach's previous")
    keyboard, dialog = Keyboard(window), window.get_by_role("dialog")
    button = window.locator("[data-dialog]").first
    for key in ("Enter", "Space"):
        button.focus()
        window.keyboard.press(key)
        expect(dialog.get_by_role("link")).to_be_focused()
        keyboard.tab()
        expect(dialog.get_by_role("button", name="Close")).to_be_focused()
        for _ in range(3):  # round the dialog, with a stop at the browser's own bar
            keyboard.tab()
            assert window.evaluate("document.activeElement.matches('body, dialog *')")
        window.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(button).to_be_focused()


def test_a_click_beside_the_dialog_closes_it(visit: Callable[..., Page]) -> None:
    window = visit("coach's number of a student")
    dialog = window.get_by_role("dialog")
    dialog.get_by_role("heading").click()
    expect(dialog).to_be_visible()
    window.mouse.click(5, 5)
    expect(dialog).to_be_hidden()


def test_a_new_time_is_chosen_with_the_arrows(visit: Callable[..., Page]) -> None:
    window = visit("move")
    keyboard, times = Keyboard(window), window.get_by_role("radio")
    keyboard.reach(times.first)
    window.keyboard.press("Space")
    expect(times.first).to_be_checked()
    window.keyboard.press("ArrowRight")
    expect(times.nth(1)).to_be_checked()
    keyboard.reach(window.get_by_role("button", name="Move it"))
