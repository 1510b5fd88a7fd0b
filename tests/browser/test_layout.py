"""Nothing is cut off, spills over, or is too small to hit, on any width, with any name, at twice the size of text."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from coaching.extensions import db, saving
from coaching.models import Role, User
from tests.browser.conftest import watched
from tests.browser.places import PLACES, act_as
from tests.make import NOW, Make

WIDTHS = (320, 360, 768, 1280)

# What is lost sideways: out of the window, out of its own box, cut off, or squeezed to a few letters a line.
LOST = """() => {
  const wide = document.documentElement.clientWidth, faults = [];
  const say = (what, it) => faults.push(`${what}: ${it.outerHTML.replace(/\\\\s+/g, " ").slice(0, 110)}`);
  const whole = document.documentElement.scrollWidth;
  const roomy = wide >= 20 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  if (whole > wide) faults.push(`the page is ${whole} wide`);
  const rolls = it => it && it !== document.body
    && (/auto|scroll/.test(getComputedStyle(it).overflowX) || rolls(it.parentElement));
  for (const it of document.body.querySelectorAll("*")) {
    if (!it.checkVisibility() || it.closest(".visually-hidden, .skip, .btn-check, option, svg *")) continue;
    const box = it.getBoundingClientRect(), style = getComputedStyle(it);
    if (rolls(it.parentElement)) continue;  // it can be scrolled to, in a box of its own
    if (box.right > wide + 1 || box.left < -1) say(`from ${Math.round(box.left)} to ${Math.round(box.right)}`, it);
    const size = parseFloat(style.fontSize), text = [...it.childNodes].some(node => node.nodeValue?.trim().length > 8);
    if (roomy && text && box.width < 3 * size && box.height > 5 * size) say("is squeezed", it);
    if (it.matches("input, select")) continue;  // a field may hold more than it shows
    const inner = style.display !== "inline" && it.clientWidth && it.scrollWidth > it.clientWidth + 1;
    if (inner && /hidden|clip/.test(style.overflowX)) say("is cut off", it);
    const open = it.matches(".block[open]") || it.querySelector(".block[open]");  // its menu lies over the page
    if (inner && style.overflowX === "visible" && !it.matches("fieldset") && !open) say("spills over", it);
  }
  const parts = [...document.querySelectorAll("main > *")].filter(it => it.checkVisibility());
  parts.forEach((it, number) => {
    const after = parts[number + 1]?.getBoundingClientRect();
    if (after && after.height && after.top < it.getBoundingClientRect().bottom - 1) say("lies over what follows", it);
  });
  return faults;
}"""

# What is too small to hit with a finger: 24 by 24 pixels (WCAG 2.5.8), but for links within a sentence.
SMALL = """() => [...document.querySelectorAll(`
  nav a, .account a, .brand, button, .btn, .chip, .row-time[href], a[href^='tel:'],
  summary, select, textarea, input:not([type=hidden])
`)].filter(it => it.checkVisibility()).flatMap(it => {
  const boxes = [it, ...(it.labels ?? [])].map(each => each.getBoundingClientRect());
  return boxes.some(box => box.width >= 24 && box.height >= 24) ? [] : [`is too small: ${it.outerHTML.slice(0, 110)}`];
})"""

TWICE = "document.documentElement.style.fontSize = '200%'"


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_lost_or_too_small(visit: Callable[..., Page], place: str) -> None:
    window = visit(place)
    faults = [f"{width}: {fault}" for width in WIDTHS for fault in look(window, width)]
    window.evaluate(TWICE)
    faults += [f"{width}, text at 200 %: {fault}" for width in (360, 1280) for fault in look(window, width)]
    assert not faults, "\n".join(faults)


def look(window: Page, width: int) -> list[str]:
    """Return what is wrong at a width."""
    window.set_viewport_size({"width": width, "height": 800})
    return [*window.evaluate(LOST), *window.evaluate(SMALL)]


def test_with_500_people_one_is_found_by_typing(
    app: Flask, make: Make, site: str, new_window: Callable[..., Page]
) -> None:
    with app.app_context(), saving():
        db.session.add_all(
            User(
                role=Role.STUDENT if number % 10 else Role.COACH,
                name=f"Person {number:03} with a name of some length",
                email=f"person-{number}@example.org",
                phone=f"+44207946{number:04}",
                time_zone="Europe/London",
                created_at=NOW,
            )
            for number in range(100, 600)
        )
    make.student("Zoë Müller")
    window = new_window(site, viewport={"width": 320, "height": 640})
    window.goto("/")
    acting = window.get_by_label("Acting as")
    assert acting.locator("option").count() == 502
    acting.focus()
    window.keyboard.type("zo")
    expect(acting.locator("option:checked")).to_have_text("Zoë Müller (student)")
    window.keyboard.press("Tab")
    window.keyboard.press("Enter")
    expect(window.get_by_role("status")).to_have_text("You are now acting as Zoë Müller (student).")
    window.goto("/coaches/")
    expect(acting.locator("option:checked")).to_have_text("Zoë Müller (student)")
    assert not look(window, 320)


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        ("console", "document.body.append(Object.assign(document.createElement('script'), {textContent: 'ran = 1'}))"),
        ("console", "document.body.append(Object.assign(new Image(), {src: 'https://example.org/a.png'}))"),
        ("console", "document.body.append(Object.assign(new Image(), {src: '/static/missing.svg'}))"),
        ("console", "document.body.setAttribute('style', 'color: red')"),
        ("request", "location.href = 'http://localhost:9/'"),
        ("weberror", "setTimeout(() => { throw new Error('on purpose'); })"),
    ],
    ids=["script in the page", "foreign image", "missing file", "style in the page", "foreign page", "broken script"],
)
def test_these_tests_would_hear_what_goes_wrong(browser: Browser, site: str, event: str, wrong: str) -> None:
    context = browser.new_context()
    heard = watched(context, site)
    page = context.new_page()
    page.goto(f"{site}/")
    assert not heard
    with context.expect_event(event):
        page.evaluate(wrong)
    context.close()
    assert heard


def test_these_tests_would_see_what_is_lost(make: Make, site: str, new_window: Callable[..., Page]) -> None:
    window = new_window(site)
    act_as(window, make.student())
    assert not look(window, 320)
    window.evaluate("document.querySelector('h1').style.whiteSpace = 'nowrap'")
    window.evaluate("document.querySelector('h1').append(' and a name that goes on and on and on')")
    window.evaluate("document.querySelector('nav a').style.cssText = 'min-height: 0; height: 20px'")
    found = "\n".join(look(window, 320))
    for fault in ("the page is", "spills over: <main", "is too small: <a"):
        assert fault in found
