"""axe finds nothing on any page, in light and in dark, on a phone and on a desk."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.places import PLACES, act_as
from tests.make import Make

# Every rule of WCAG 2.0 to 2.2 at A and AA, and every best practice, is on; of those that are off otherwise, these too.
ALSO = ("target-size", "label-content-name-mismatch", "css-orientation-lock")
OPTIONS = {"resultTypes": ["violations"], "rules": {rule: {"enabled": True} for rule in ALSO}}

# Colours differ between light and dark, and nothing else does; places and sizes between the widths, and no colour. So
# every scheme and every width are looked at, but not each with each.
LOOKS = (("light", 360), ("dark", 1280))


@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing(visit: Callable[..., Page], place: str) -> None:
    faults = found(visit(place))
    assert not faults, faults


def test_axe_finds_nothing_where_there_is_nobody_yet(site: str, make: Make, new_window: Callable[..., Page]) -> None:
    window = new_window(site)
    window.goto("/")
    assert not found(window)
    act_as(window, make.student())
    assert not found(window)
    window.goto("/coaches/")
    assert not found(window)


def found(window: Page) -> str:
    """Return what axe finds, however one looks at the page."""
    window.evaluate(AXE_SCRIPT)
    faults = {}
    for scheme, width in LOOKS:
        window.emulate_media(color_scheme=scheme)
        window.set_viewport_size({"width": width, "height": 800})
        for violation in window.evaluate("options => axe.run(options)", OPTIONS)["violations"]:
            for node in violation["nodes"]:
                faults.setdefault(said(violation, node), []).append(f"{scheme} {width}")
    return "\n".join(f"{fault} [{', '.join(looks)}]" for fault, looks in faults.items())


def said(violation: dict[str, Any], node: dict[str, Any]) -> str:
    """Say a violation in a line."""
    why = "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
    return f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['html'][:120]}: {why}"
