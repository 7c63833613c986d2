"""The keys in a browser: what runs where, a person's own keys, and what is never taken from whoever types."""

import json
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.templatetags.static import static
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.workspace]

PAGE = "/projects/demo/clips/rooftop-somersault/caption"
PRESS = """([target, key, code, more]) => { const event = new KeyboardEvent("keydown",
  { key, code, bubbles: true, cancelable: true, ...more });
  (target ? document.querySelector(target) : document.body).dispatchEvent(event); return event.defaultPrevented; }"""


@pytest.fixture
def ana(sign_in: SignIn) -> Page:
    page = sign_in("ana")
    page.evaluate(
        """() => fetch("/api/v1/me/keys", { method: "PUT", body: '{"keys": {}}', headers:
        { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf]").content } })"""
    )
    return opened(page)


def opened(page: Page) -> Page:
    page.goto(PAGE)
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    return page


def press(page: Page, key: str, code: str, **more: object) -> bool:
    """A key of a keyboard that is not here; whether it was taken."""
    taken: bool = page.evaluate(PRESS, ["", key, code, more])
    return taken


def row(page: Page, command: str) -> Locator:
    if not page.locator("#keys").is_visible():
        page.get_by_role("button", name="Keys", exact=False).first.click()
    return page.locator(f"#keys [data-id={command}]")


def changing(page: Page, command: str) -> Locator:
    line = row(page, command)
    line.get_by_role("button", name="Change the keys").click()
    expect(line.locator("[data-record]")).to_be_focused()
    return line


def stored(page: Page) -> dict[str, list[str]]:
    page.reload()
    keys: dict[str, list[str]] = json.loads(page.locator("#key-map").text_content() or "")
    return keys


def frame_is(page: Page, number: int) -> None:
    expect(page.locator("[data-frame]")).to_have_text(str(number))


def test_the_overlay_lists_every_command_of_the_page_under_its_heading(ana: Page) -> None:
    ana.keyboard.press("?")
    for heading in ("The clip", "Once more", "Picture and sound"):
        expect(ana.locator("#keys h3", has_text=heading)).to_be_visible()
    for command, words in {"play": "Play or pause", "again": "Last 3 seconds again", "mute": "Sound on or off"}.items():
        expect(row(ana, command).locator(".key-label")).to_have_text(words)
    names = ana.evaluate(
        f"async () => (await import('{static('js/keys.js')}')).allCommands().map((one) => one.id)",
    )
    assert {"play", "frame-back", "mark-forward", "set-a", "zoom", "save", "submit", "show-keys"} <= set(names)
    assert ana.locator("#keys [data-id]").count() == len(names)


def test_a_new_key_is_stored_with_the_account_and_works_while_typing(ana: Page) -> None:
    line = changing(ana, "frame-forward")
    ana.keyboard.press("Control+ArrowUp")  # it moves about in the text
    expect(line.locator("[data-clash]")).to_contain_text("cannot be used")
    with ana.expect_response("**/me/keys"):
        ana.keyboard.press("Control+Shift+F2")
    expect(line.locator(".key-combos")).to_contain_text("F2")
    assert stored(ana) == {"frame-forward": ["Ctrl+.", ".", "Ctrl+Shift+F2"]}
    expect(ana.get_by_role("button", name="One frame forward")).to_have_attribute(
        "title", "One frame forward  Ctrl+.  ."
    )
    text = ana.get_by_label("Caption", exact=True)
    text.focus()
    ana.keyboard.press("Control+Shift+F2")
    frame_is(ana, 1)
    expect(text).to_be_focused()


def test_a_key_that_is_taken_is_refused_and_moves_only_when_asked(ana: Page) -> None:
    line = changing(ana, "again")
    ana.keyboard.press("Control+,")
    clash = line.locator("[data-clash]")
    expect(clash).to_contain_text("Ctrl+, is taken: One frame back.")
    assert stored(ana) == {}
    line = changing(ana, "again")
    ana.keyboard.press("Control+,")
    with ana.expect_response("**/me/keys"):
        clash.get_by_role("button", name="Use it here instead").click()
    expect(row(ana, "frame-back").locator(".key-combos")).not_to_contain_text("Ctrl")
    assert stored(ana) == {"again": ["F2", "b", "Ctrl+,"], "frame-back": [","]}


def test_foot_pedals_and_keys_by_name_replace_what_was_there(ana: Page) -> None:
    line = changing(ana, "play")
    line.get_by_role("button", name="Take F8 away").click()
    line.get_by_label("or type their name").fill("nonsense")
    line.get_by_role("button", name="Add", exact=True).click()
    expect(line.locator("[data-clash]")).to_contain_text("No key has this name")
    with ana.expect_response("**/me/keys"):
        line.get_by_label("or type their name").fill("f13")
        line.get_by_role("button", name="Add", exact=True).click()
    assert stored(ana) == {"play": ["Ctrl+Space", "Space", "k", "F13"]}
    ana.get_by_label("Caption", exact=True).focus()
    assert press(ana, "F13", "F13")
    expect(ana.get_by_role("button", name="Pause")).to_be_visible()
    assert not press(ana, "F8", "F8")
    line = changing(ana, "play")
    expect(line.locator(".key-own li")).to_have_count(4)
    ana.keyboard.press("F9")
    expect(line.locator("[data-clash]")).to_contain_text("take one away first")


def test_one_command_and_all_go_back_to_the_standard(ana: Page) -> None:
    for command, key in (("again", "F1"), ("zoom", "Control+F1")):
        changing(ana, command)
        with ana.expect_response("**/me/keys"):
            ana.keyboard.press(key)
        row(ana, command).get_by_role("button", name="Done").click()
    line = changing(ana, "again")
    with ana.expect_response("**/me/keys"):
        line.get_by_role("button", name="Back to the standard").click()
    assert stored(ana) == {"zoom": ["F9", "z", "Ctrl+F1"]}
    row(ana, "zoom")
    with ana.expect_response("**/me/keys"):
        ana.get_by_role("button", name="All keys back to the standard").click()
    assert stored(ana) == {}


@pytest.fixture
def quiet(ana: Page) -> Iterator[Page]:
    """Ana's page in a window whose console nobody minds: the browser reports a server that is away as an error."""
    browser = ana.context.browser
    assert browser
    context = browser.new_context(base_url=ana.url.partition("/projects")[0], storage_state=ana.context.storage_state())
    page = opened(context.new_page())
    yield page
    context.close()


def test_keys_that_the_server_did_not_get_hold_here_and_are_sent_later(quiet: Page) -> None:
    quiet.route("**/me/keys", lambda route: route.abort())
    changing(quiet, "again")
    quiet.keyboard.press("F1")
    banner = quiet.locator("[data-keys-not-sent]")
    expect(banner).to_contain_text("The server does not answer")
    expect(row(quiet, "again").locator(".key-combos")).to_contain_text("F1")
    quiet.unroute("**/me/keys")
    with quiet.expect_response("**/me/keys"):
        assert stored(quiet) == {}
    assert stored(quiet) == {"again": ["F2", "b", "F1"]}


def test_single_keys_can_be_switched_off_and_are_never_taken_from_a_text(ana: Page) -> None:
    text = ana.get_by_label("Caption", exact=True)
    text.focus()
    before = ana.evaluate("() => document.querySelector('[data-clip-player]').clip.frame")
    ana.keyboard.type(".,kn")
    frame_is(ana, before)
    expect(ana.get_by_role("button", name="Play", exact=True)).to_be_visible()
    ana.get_by_role("button", name="Play", exact=True).focus()
    ana.keyboard.press(".")
    frame_is(ana, before + 1)
    row(ana, "play")
    ana.get_by_label("Single-key shortcuts").uncheck()
    ana.keyboard.press("Escape")
    ana.keyboard.press(".")
    ana.keyboard.press("Control+,")
    frame_is(ana, before)
    row(ana, "play")
    ana.get_by_label("Single-key shortcuts").check()


def test_punctuation_is_found_by_place_and_letters_by_meaning(ana: Page) -> None:
    assert press(ana, ":", "Period")  # AZERTY: . is typed with Shift
    frame_is(ana, 1)
    assert press(ana, ";", "Comma", ctrlKey=True)
    frame_is(ana, 0)
    assert press(ana, "z", "KeyY")  # QWERTZ
    expect(ana.locator("[data-zoom-flag]")).to_contain_text("2×")
    assert not press(ana, "y", "KeyZ")
    assert press(ana, "я", "KeyZ")  # Cyrillic: the Latin letter beside it
    expect(ana.locator("[data-zoom-flag]")).to_contain_text("4×")


def test_nothing_is_taken_from_an_input_method_or_altgr(ana: Page) -> None:
    assert not press(ana, ".", "Period", isComposing=True)
    assert not press(ana, " ", "Space", ctrlKey=True, isComposing=True)
    assert not press(ana, "Process", "Period", keyCode=229)
    assert not press(ana, ".", "Period", ctrlKey=True, altKey=True, modifierAltGraph=True)
    frame_is(ana, 0)


def test_a_key_that_is_held_repeats_steps_but_nothing_else(ana: Page) -> None:
    for _ in range(3):
        assert press(ana, ".", "Period", repeat=True)
        assert press(ana, "z", "KeyZ", repeat=True)
    frame_is(ana, 3)
    expect(ana.locator("[data-zoom-flag]")).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_the_overlay_can_be_used_by_everybody(sign_in: SignIn, dark: bool) -> None:
    page = opened(sign_in("ana", width=1440, height=900, dark=dark))
    changing(page, "play")
    found = Axe().run(page, context="#keys")
    assert found.violations_count == 0, found.generate_report()
    for button in page.locator("#keys button:visible").all():
        box = button.bounding_box()
        assert box and min(box["width"], box["height"]) >= 24
