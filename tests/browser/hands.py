"""Whoever sits at the browser: with a mouse, or with a keyboard alone, watching where the focus goes."""

from re import Pattern
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

# Where the focus is, and what is wrong with how it is shown; null where it has left the page.
STOP = """async () => {
  await new Promise(requestAnimationFrame);  // until the page has moved to it
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = rgb(colour).map(part => (part /= 255) <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = it => {
    for (let under = it.parentElement; under; under = under.parentElement) {
      const colour = getComputedStyle(under).backgroundColor;
      if ((rgb(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const inSight = box => box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const ringed = it => {
    const style = getComputedStyle(it), box = it.getBoundingClientRect();
    if (it.matches("input:not(:focus):focus-within")) return true;  // a date's own picker, which the browser rings
    if (box.width < 5 || style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return false;
    const [low, high] = [light(style.outlineColor), light(behind(it))].sort((a, b) => a - b);
    return (high + .05) / (low + .05) >= 3;
  };
  const box = it.getBoundingClientRect();
  return {
    what: (it.getAttribute("aria-label") || it.innerText || it.name || it.nodeName).trim().slice(0, 60),
    left: box.left + scrollX, right: box.right + scrollX, top: box.top + scrollY, bottom: box.bottom + scrollY,
    // A radio button that is drawn by its label shows the focus there.
    fault: !inSight(box) ? "is out of sight" : [it, ...(it.labels ?? [])].some(ringed) ? "" : "shows no focus",
  };
}"""


class Mouse:
    """Points and clicks. Links and buttons go by their whole name, or by a pattern."""

    script = True  # whether the browser runs any

    def __init__(self, page: Page) -> None:
        self.page = page

    def follow(self, name: str) -> None:
        """Go where a link leads."""
        with self.page.expect_navigation():
            self._activate(self.page.get_by_role("link", name=name, exact=True))

    def press(self, name: str | Pattern[str]) -> None:
        """Press a button that leads to another page."""
        with self.page.expect_navigation():
            self.push(name)

    def push(self, name: str | Pattern[str]) -> None:
        """Press a button that leads nowhere."""
        self._activate(self.page.get_by_role("button", name=name, exact=True))

    def choose(self, label: str, choice: str) -> None:
        """Choose from a dropdown."""
        self.page.get_by_label(label).select_option(label=choice)

    def write(self, label: str, text: str, typed: str = "") -> None:  # noqa: ARG002
        """Write into a field. `typed` is what a keyboard writes, where that differs."""
        self.page.get_by_label(label).fill(text)

    def _activate(self, thing: Locator) -> None:
        thing.click()


class WithoutScript(Mouse):
    """Points and clicks in a browser that runs no script."""

    script = False


class Keyboard(Mouse):
    """Has Tab, Enter, arrows and letters, and looks where the focus is at each step."""

    def choose(self, label: str, choice: str) -> None:
        """Type the beginning of the choice."""
        self.reach(self.page.get_by_label(label))
        self.page.keyboard.type(choice)

    def write(self, label: str, text: str, typed: str = "") -> None:
        """Type."""
        self.reach(self.page.get_by_label(label))
        self.page.keyboard.type(typed or text)

    def reach(self, thing: Locator) -> None:
        """Press Tab until the focus is on something."""
        thing.wait_for()
        for _ in range(100):
            stop = self.tab()
            assert not (stop and stop["fault"]), f"{stop['what']!r} {stop['fault']}"
            if thing.evaluate("it => it === document.activeElement"):
                return
        pytest.fail(f"{thing} cannot be reached by keyboard")

    def tab(self) -> dict[str, Any] | None:
        """Press Tab once, and return where the focus went, or None where the page ended."""
        self.page.keyboard.press("Tab")
        return self.page.evaluate(STOP)

    def _activate(self, thing: Locator) -> None:
        self.reach(thing)
        self.page.keyboard.press("Enter")
