"""A zone is found by typing, and another one is offered where the device is elsewhere: what only a browser can show."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import Keyboard
from tests.browser.places import act_as, press
from tests.browser.test_axe import found as faults_found
from tests.make import Make

# By how much things have moved on the page by themselves since it was opened.
SHIFT = """new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(each => sum += each.value))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""
OFFER = "Your device is in"


@pytest.fixture
def register(site: str, new_window: Callable[..., Page]) -> Page:
    """The page on which one registers, on a device in London."""
    window = new_window(site)
    window.goto("/auth/register")
    return window


def zone(window: Page) -> Locator:
    return window.locator("select[name=time_zone]")


def search(window: Page) -> Locator:
    return window.get_by_role("searchbox")


def labels(window: Page) -> list[str]:
    return [text.split(" (")[0] for text in zone(window).locator("option").all_inner_texts()]


@pytest.mark.parametrize(
    ("typed", "chosen", "others"),
    [
        ("kath", "Asia/Kathmandu", set()),
        ("nepal", "Asia/Kathmandu", set()),
        ("+5:45", "Asia/Kathmandu", set()),
        ("UTC+05:45", "Asia/Kathmandu", set()),
        ("katmandu", "Asia/Katmandu", set()),
        ("berlin", "Europe/Berlin", set()),
        ("  BERLÍN ", "Europe/Berlin", set()),
        ("new york", "America/New_York", set()),
        ("st john's", "America/St_Johns", set()),
        ("buenos", None, {"Buenos Aires"}),
        ("cote d'ivoire", "Africa/Abidjan", set()),
        ("india", "Asia/Kolkata", set()),
        ("calcutta", "Asia/Calcutta", set()),
        ("germany", None, {"Berlin", "Busingen"}),
        ("united kingdom", "Europe/London", set()),
        ("CEST", None, {"Paris", "Berlin", "Madrid", "Ceuta"}),
        ("-2:30", None, set()),
        ("+13", None, {"Apia", "Tongatapu"}),
        ("samoa", None, {"Apia", "Pago Pago"}),
    ],
)
def test_typing_finds_a_zone_and_chooses_it_where_it_is_the_only_one(
    register: Page, typed: str, chosen: str | None, others: set[str]
) -> None:
    before = zone(register).input_value()
    search(register).press_sequentially(typed)
    if typed == "-2:30":  # nobody's in March, St. John's in summer
        expect(register.get_by_text("No zone is called so.")).to_be_visible()
        expect(zone(register)).to_have_value(before)
        return
    assert before == "Europe/London"
    expect(zone(register)).to_have_value(chosen or "")
    assert others <= set(labels(register))
    assert len(labels(register)) == 1 if chosen else 1 < len(labels(register)) < 80


def test_of_several_the_one_that_is_chosen_already_stays_so(register: Page) -> None:
    zone(register).select_option("Pacific/Apia")
    search(register).press_sequentially("samoa")
    expect(zone(register)).to_have_value("Pacific/Apia")


def test_what_was_chosen_comes_back_when_the_box_is_emptied(register: Page) -> None:
    whole = zone(register).locator("option").count()
    search(register).press_sequentially("nepal")
    expect(zone(register)).to_have_value("Asia/Kathmandu")
    search(register).press("Escape")
    expect(zone(register)).to_have_value("Europe/London")
    expect(search(register)).to_have_value("")
    assert zone(register).locator("option").count() == whole > 590
    assert zone(register).locator("optgroup[label=Asia] option[value='Asia/Kathmandu']").count() == 1


def test_by_keyboard_alone_one_is_found_among_several_and_sent(
    make: Make, site: str, new_window: Callable[..., Page]
) -> None:
    window = new_window(site)
    act_as(window, make.student())
    window.goto("/auth/profile")
    keyboard = Keyboard(window)
    keyboard.reach(search(window))
    window.keyboard.type("samoa")
    expect(window.get_by_text("4 zones fit. Choose one.")).to_be_visible()
    window.keyboard.press("ArrowDown")
    expect(zone(window)).to_be_focused()
    window.keyboard.press("ArrowDown")
    window.keyboard.press("ArrowDown")
    window.keyboard.press("Enter")
    expect(search(window)).to_have_value("")
    expect(zone(window)).to_be_focused()
    picked = zone(window).input_value()
    assert picked in {"Pacific/Apia", "Pacific/Pago_Pago"}
    assert window.url.endswith("/auth/profile"), "Enter chooses, and sends nothing"
    press(window, "Save")
    expect(window.get_by_role("status")).to_have_text("Your profile is saved.")
    expect(zone(window)).to_have_value(picked)


def test_enter_takes_the_only_one_and_one_can_go_on(register: Page) -> None:
    search(register).press_sequentially("nepal")
    search(register).press("Enter")
    expect(zone(register)).to_be_focused()
    expect(zone(register)).to_have_value("Asia/Kathmandu")
    assert register.url.endswith("/auth/register")
    press(register, "Register", name="Bo")
    expect(zone(register)).to_have_value("Asia/Kathmandu")


def test_a_click_takes_one_of_several(register: Page) -> None:
    search(register).press_sequentially("samoa")
    zone(register).locator("option").nth(1).click()
    expect(search(register)).to_have_value("")
    assert zone(register).input_value() in {"Pacific/Apia", "Pacific/Pago_Pago"}
    assert not zone(register).get_attribute("size")


def test_axe_finds_nothing_while_zones_are_narrowed(register: Page) -> None:
    search(register).press_sequentially("samoa")
    assert not faults_found(register)


def test_without_a_script_the_zones_are_there_and_the_box_is_not(site: str, new_window: Callable[..., Page]) -> None:
    window = new_window(site, java_script_enabled=False)
    window.goto("/auth/register")
    expect(zone(window)).to_be_visible()
    expect(search(window)).to_be_hidden()


# The offer


def test_who_is_elsewhere_is_offered_that_zone_and_saves_it_themselves(
    make: Make, site: str, new_window: Callable[..., Page]
) -> None:
    window = new_window(site, timezone_id="Asia/Katmandu")  # the old name, which Chromium says
    act_as(window, make.student(zone="Europe/London"))
    offer = window.get_by_role("complementary", name="Another time zone")
    expect(offer).to_contain_text("Your device is in Asia/Kathmandu, your times are shown in Europe/London.")
    assert not faults_found(window)
    with window.expect_navigation():
        offer.get_by_role("link", name="Use Asia/Kathmandu").click()
    expect(zone(window)).to_have_value("Asia/Kathmandu")
    expect(window.get_by_text(OFFER)).to_be_hidden()
    press(window, "Save")
    window.goto("/coaches/")
    expect(window.get_by_text("All times are yours, in Asia/Kathmandu")).to_be_visible()
    expect(window.get_by_text(OFFER)).to_be_hidden()


def test_keeping_ones_zone_is_remembered_for_that_pair_alone(
    make: Make, site: str, new_window: Callable[..., Page]
) -> None:
    window = new_window(site, timezone_id="Asia/Kathmandu")
    act_as(window, make.student(zone="Europe/London"))
    offer = window.get_by_text(OFFER)
    offer.wait_for()
    height = window.evaluate("document.querySelector('main').getBoundingClientRect().top")
    window.get_by_role("button", name="Keep Europe/London").click()
    expect(offer).to_be_hidden()
    assert window.evaluate("document.querySelector('main').getBoundingClientRect().top") == height
    window.goto("/coaches/")
    expect(offer).to_be_hidden()
    act_as(window, make.student(zone="America/Phoenix"))
    expect(offer).to_be_visible()


@pytest.mark.parametrize(
    ("device", "profile"),
    [
        ("Europe/London", "Europe/London"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Berlin", "Europe/Vienna"),
        ("UTC", "Atlantic/Reykjavik"),
        ("Asia/Kathmandu", "Asia/Katmandu"),
    ],
)
def test_nothing_is_offered_where_clocks_show_the_same(
    make: Make, site: str, new_window: Callable[..., Page], device: str, profile: str
) -> None:
    window = new_window(site, timezone_id=device)
    act_as(window, make.student(zone=profile))
    expect(window.get_by_role("heading", level=1)).to_be_visible()
    window.wait_for_load_state()
    expect(window.get_by_text(OFFER)).to_be_hidden()


def test_where_storage_is_forbidden_it_is_offered_and_can_be_sent_away(
    make: Make, site: str, new_window: Callable[..., Page]
) -> None:
    window = new_window(site, timezone_id="Asia/Kathmandu")
    window.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden') } })")
    act_as(window, make.student())
    window.get_by_role("button", name="Keep").click()
    expect(window.get_by_text(OFFER)).to_be_hidden()


def test_the_offer_moves_nothing_and_leaves_the_focus_in_sight(
    make: Make, site: str, new_window: Callable[..., Page]
) -> None:
    for _ in range(9):
        make.slot()
    window = new_window(site, timezone_id="Asia/Kathmandu", viewport={"width": 360, "height": 640})
    act_as(window, make.student())
    window.goto("/coaches/")
    shift = window.evaluate(SHIFT)
    assert shift < 0.05
    keyboard, top = Keyboard(window), "document.querySelector('.offer-zone').getBoundingClientRect().top"
    for _ in range(20):
        stop = keyboard.tab()
        if not stop or window.evaluate("!!document.activeElement.closest('.offer-zone, .skip')"):
            continue
        box = window.evaluate("document.activeElement.getBoundingClientRect().bottom")
        assert box <= window.evaluate(top) + 1, f"{stop['what']!r} is behind the offer"
