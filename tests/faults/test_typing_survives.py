"""What people type survives a killed browser, a cut line, the end of a session, a new server, ten minutes offline.

The bot types numbers in order, so that what is missing says when it was typed.
"""

import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Page, expect

from annotation.models import Role
from tests.browsers import FLAGS, find_chromium
from tests.faults.server import Server
from tests.proxy import Proxy

pytestmark = [pytest.mark.browser, pytest.mark.workspace]

KILLS = 20
PASSWORD = "correct horse battery"
CAPTIONS = 13
TEXT = "document.querySelector('[data-caption-editor]').caption.text"
EVERYTHING_TYPED = re.compile(r"\d{4}")
RUI = f"""
from annotation.models import Project
from tests.factories import MembershipFactory, UserFactory
rui = UserFactory.create(username="rui", first_name="Rui", last_name="Tavares")
MembershipFactory.create(project=Project.objects.get(slug="demo"), user=rui, role="{Role.ADMIN.value}")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("typing"), captions=CAPTIONS)
    server.shell(RUI)
    yield server
    server.stop()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server.url)
    yield context
    context.close()


def sign_in(context: BrowserContext, username: str = "ana") -> Page:
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def caption(page: Page, clip_id: str) -> Page:
    """The caption's page, its text emptied and the caret in it."""
    page.goto(f"/projects/demo/clips/{clip_id}/caption")
    has_editor(page)
    page.get_by_label("Caption", exact=True).click()
    page.keyboard.press("Control+a")
    return page


def has_editor(page: Page) -> None:
    """A page that was just loaded makes it a moment later; before that there is a plain field of the same name."""
    page.wait_for_function("() => document.querySelector('[data-caption-editor]')?.caption")


def text(page: Page) -> str:
    has_editor(page)
    return str(page.evaluate(TEXT))


def save_state(page: Page) -> str:
    return page.locator("[data-save-state]").get_attribute("data-state") or ""


def saved(page: Page, *, seconds: float = 20) -> None:
    """All that was typed, also since the last picture: the editor tells of it with the next one, or when asked."""
    page.evaluate("document.dispatchEvent(new CustomEvent('caption:collect', { detail: { body: {} } }))")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=seconds * 1000)


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """What a page does to this process, such as opening a dialog, comes while the page is waited for."""
    end = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def not_saved(page: Page, *, since: float) -> float:
    """Seconds until the page said so."""
    while save_state(page) not in ("unsaved", "offline"):
        assert time.monotonic() - since < 10, "it never said so"
        time.sleep(0.02)
    assert "Not saved" in (page.locator("[data-save-state]").text_content() or "")
    return time.monotonic() - since


class Bot:
    """Types 0001, 0002, … and remembers when each was there."""

    def __init__(self) -> None:
        self.number = 0
        self.typed: list[tuple[str, float]] = []

    def type_for(self, page: Page, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.number += 1
            token = f"{self.number:04}"
            page.keyboard.type(f"{token} ", delay=10)
            self.typed.append((token, time.monotonic()))

    def missing_s(self, page: Page, *, until: float) -> float:
        """How long before `until` the first number that is not there was typed; 0 when all are."""
        there = set(EVERYTHING_TYPED.findall(text(page)))
        lost = [at for token, at in self.typed if token not in there]
        return until - min(lost) if lost else 0

    @property
    def all(self) -> list[str]:
        return [token for token, _ in self.typed]


def numbers(said: str) -> list[str]:
    return EVERYTHING_TYPED.findall(said)


def unsaved(server: Server, clip_id: str) -> str:
    return next(words for clip, owner, words in server.unsaved() if (clip, owner) == (clip_id, "ana"))


def _browser_on(profile: Path) -> int:
    """The pid of the browser's first process, which leads a process group of its own."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"--user-data-dir={profile}" in command and "--type=" not in command:
            pid = int(entry.name)
            assert os.getpgid(pid) == pid
            return pid
    raise AssertionError("there is no such browser")


@contextmanager
def profile_of(browser: Browser, server: Server, profile: Path, cookies: list[dict[str, str]]) -> Iterator[Page]:
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=find_chromium(), args=FLAGS, base_url=server.url
    )
    context.add_cookies(cookies)  # type: ignore[arg-type]
    yield context.pages[0] if context.pages else context.new_page()
    with suppress(Error):  # it was killed
        context.close()


@pytest.mark.faults
def test_a_browser_killed_at_any_moment_loses_at_most_five_seconds_of_typing_d04(
    server: Server, browser: Browser, tmp_path: Path
) -> None:
    moments, bot, killed_at = random.Random(4), Bot(), 0.0
    cookies = [{"name": "sessionid", "value": server.session, "url": server.url}]
    losses: list[float] = []
    for kill in range(KILLS + 1):
        with profile_of(browser, server, tmp_path, cookies) as page:
            page.goto("/projects/demo/clips/c0/caption")
            has_editor(page)
            if kill:
                expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=15_000)
                page.wait_for_timeout(300)
                losses.append(bot.missing_s(page, until=killed_at))
                there = set(numbers(text(page)))
                bot.typed = [(token, at) for token, at in bot.typed if token in there]
            if kill == KILLS:
                break
            page.get_by_label("Caption", exact=True).click()
            page.keyboard.press("Control+End")
            page.keyboard.type(" ")
            bot.type_for(page, moments.uniform(0.2, 3.5))
            os.killpg(_browser_on(tmp_path), signal.SIGKILL)
            killed_at = time.monotonic()
    print(f"{KILLS} kills: at most {max(losses):.2f} s of typing lost, nothing in {losses.count(0)}")  # noqa: T201
    assert len(losses) == KILLS
    assert max(losses) <= 5


CUTS = ["refused", "silent", "offline"]


@pytest.mark.parametrize("how", CUTS)
def test_a_cut_line_is_told_within_two_seconds_and_nothing_typed_meanwhile_is_lost_d03_d04(
    server: Server, browser: Browser, how: str
) -> None:
    way = Proxy(server.port)
    way.start()
    context = browser.new_context(base_url=way.url)
    page, bot = caption(sign_in(context), f"c{1 + CUTS.index(how)}"), Bot()
    bot.type_for(page, 1.5)
    with cut(how, server, way, context):
        since = time.monotonic()
        bot.type_for(page, 0.4)
        assert not_saved(page, since=since) <= 2
        bot.type_for(page, 2)
        assert save_state(page) in ("unsaved", "offline")
        if how != "silent":
            expect(page.locator("[data-banner=offline]")).to_be_visible()
    saved(page)
    assert numbers(text(page)) == bot.all
    context.close()
    way.stop()
    assert numbers(unsaved(server, f"c{1 + CUTS.index(how)}")) == bot.all


@contextmanager
def cut(how: str, server: Server, way: Proxy, context: BrowserContext) -> Iterator[None]:
    if how == "silent":
        with server.hung_web():
            yield
    elif how == "offline":
        context.set_offline(True)
        yield
        context.set_offline(False)
    else:
        way.stop()
        yield
        way.start()


def test_a_session_that_ends_is_begun_again_in_place_and_loses_nothing_d03(
    server: Server, context: BrowserContext
) -> None:
    page, bot = caption(sign_in(context), "c4"), Bot()
    bot.type_for(page, 1)
    saved(page)
    assert server.end_sessions() > 0
    bot.type_for(page, 1)
    expect(page.locator("[data-banner=signed-out]")).to_be_visible()
    bot.type_for(page, 0.5)
    page.get_by_role("button", name="Sign in again").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    assert dialog.get_by_label("Username").input_value() == "ana"
    expect(dialog.get_by_label("Username")).not_to_be_editable()
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("not correct")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    saved(page)
    assert numbers(text(page)) == bot.all == numbers(unsaved(server, "c4"))
    with page.expect_navigation():
        page.keyboard.press("Control+s")  # the new token serves the next requests
    assert [numbers(words) for clip, _, words in server.revisions() if clip == "c4"] == [bot.all]
    server.session = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "sessionid")


def test_words_are_never_sent_as_somebody_else_nor_shown_to_them_d03(server: Server, context: BrowserContext) -> None:
    page = caption(sign_in(context), "c5")
    page.keyboard.insert_text("Words of Ana.")
    saved(page)
    context.clear_cookies()
    other = sign_in(context, "rui")
    page.keyboard.type(" More of Ana.")
    expect(page.locator("[data-banner=signed-out]")).to_contain_text("Somebody else is signed in")
    other.goto("/projects/demo/clips/c5/caption")
    assert "Ana" not in text(other)
    expect(other.locator("[data-banner-kept]")).to_be_hidden()
    assert [words for clip, _, words in server.unsaved() if clip == "c5"] == ["Words of Ana."]

    page.close()  # else it would send them itself, before the new page looks for what it kept
    context.clear_cookies()  # Ana comes back: her words are there
    page = sign_in(context)
    page.goto("/projects/demo/clips/c5/caption")
    has_editor(page)
    page.wait_for_function(f"() => {TEXT}.includes('More of Ana.')")
    saved(page)
    assert unsaved(server, "c5") == "Words of Ana. More of Ana."


def test_a_server_that_restarts_while_somebody_types_loses_nothing_d03(server: Server, context: BrowserContext) -> None:
    page, bot = caption(sign_in(context), "c6"), Bot()
    bot.type_for(page, 1)
    server.stop_web()
    bot.type_for(page, 1.5)
    expect(page.locator("[data-banner=offline]")).to_be_visible()
    server.start_web()
    bot.type_for(page, 0.5)
    saved(page, seconds=40)
    assert numbers(text(page)) == bot.all == numbers(unsaved(server, "c6"))


def test_ten_minutes_offline_and_a_reload_lose_nothing_d03_d04(server: Server, context: BrowserContext) -> None:
    page, bot = sign_in(context), Bot()
    page.clock.install()
    caption(page, "c7")
    bot.type_for(page, 1)
    saved(page)
    context.set_offline(True)
    for _ in range(10):
        bot.type_for(page, 0.2)
        page.clock.fast_forward("01:00")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "offline")
    assert numbers(text(page)) == bot.all
    context.set_offline(False)
    saved(page)
    assert numbers(unsaved(server, "c7")) == bot.all
    page.reload()
    assert numbers(text(page)) == bot.all


@pytest.mark.parametrize("status", [500, 503])
def test_a_broken_server_is_asked_again_until_it_is_well_d03(
    server: Server, context: BrowserContext, status: int
) -> None:
    page = caption(sign_in(context), "c8")
    page.route("**/working-copy", lambda route: route.fulfill(status=status, body="<h1>Oh</h1>"))
    page.keyboard.insert_text(f"Written while it answered {status}.")
    expect(page.locator("[data-banner=unsaved]")).to_be_visible()
    expect(page.locator("[data-save-state] [data-countdown]")).to_have_text(re.compile(r"in \d+ s"))
    page.unroute("**/working-copy")
    saved(page)
    assert unsaved(server, "c8") == f"Written while it answered {status}."


def test_an_answer_that_is_lost_makes_no_conflict_with_oneself_d06(server: Server, browser: Browser) -> None:
    way = Proxy(server.port)
    way.start()
    context = browser.new_context(base_url=way.url)
    page, bot = caption(sign_in(context), "c9"), Bot()
    for _ in range(3):
        page.get_by_label("Caption", exact=True).press("Control+End")
        way.swallow_replies = True
        bot.type_for(page, 1.5)
        expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "offline")
        way.swallow_replies = False
        bot.type_for(page, 0.3)
        page.locator("[data-banner=offline]").get_by_role("button", name="Try now").click()
        saved(page)
    assert numbers(unsaved(server, "c9")) == bot.all
    context.close()
    way.stop()


def test_leaving_asks_while_words_are_not_saved_and_only_then_d04(server: Server, context: BrowserContext) -> None:
    page = caption(sign_in(context), "c10")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.keyboard.insert_text("Saved words.")
    saved(page)
    page.reload()
    assert asked == []
    has_editor(page)
    page.get_by_label("Caption", exact=True).click()
    context.set_offline(True)
    page.keyboard.type("More words. ")
    page.evaluate("setTimeout(() => location.reload())")
    wait_until(page, lambda: bool(asked))
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    context.set_offline(False)
    saved(page)


def test_signing_out_asks_about_unsaved_words_and_leaves_none_in_the_browser_d03(
    server: Server, context: BrowserContext
) -> None:
    page = caption(sign_in(context), "c11")
    page.route("**/working-copy", lambda route: route.abort())
    page.keyboard.insert_text("Secret words.")
    expect(page.locator("[data-banner=offline]")).to_be_visible()
    answers = iter([False, True])
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        if next(answers):
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", answer)
    sign_out(page)
    wait_until(page, lambda: bool(asked))
    page.wait_for_timeout(500)
    assert ("never saved" in asked[0], page.url.endswith("/caption")) == (True, True)
    sign_out(page)
    page.wait_for_url("**/accounts/login/**")
    assert len(asked) == 2
    assert kept_anywhere(page) == 0
    page.unroute("**/working-copy")
    back = sign_in(context)
    back.goto("/projects/demo/clips/c11/caption")
    back.wait_for_load_state()
    assert "Secret" not in back.content()


def sign_out(page: Page) -> None:
    menu = page.locator("details.menu")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()
    menu.get_by_role("button", name="Sign out").click()


def kept_anywhere(page: Page) -> int:
    """Entries of the journal, of anybody, in this browser."""
    return int(
        page.evaluate(
            """() => new Promise((resolve) => {
              const request = indexedDB.open("haic-annotate", 1);
              request.onsuccess = () => {
                const all = request.result.transaction("words").objectStore("words").count();
                const others = Object.keys(localStorage).filter((key) => key.startsWith("words:"));
                all.onsuccess = () => resolve(all.result + others.length);
              };
              request.onerror = () => resolve(-1);
            })"""
        )
    )


NO_DATABASE = "Object.defineProperty(window, 'indexedDB', { value: undefined });"
NO_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


def test_without_a_database_words_are_kept_in_the_browsers_storage_d04(server: Server, context: BrowserContext) -> None:
    page = sign_in(context)
    page.add_init_script(NO_DATABASE)
    caption(page, "c11")
    page.route("**/working-copy", lambda route: route.abort())
    page.keyboard.insert_text("Kept in the other place.")
    expect(page.locator("[data-banner=offline]")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.unroute("**/working-copy")
    context.set_offline(False)
    page.reload()
    has_editor(page)
    page.wait_for_function(f"() => {TEXT} === 'Kept in the other place.'")
    saved(page)
    assert unsaved(server, "c11") == "Kept in the other place."


def test_a_browser_that_can_keep_nothing_is_said_to_d04(server: Server, context: BrowserContext) -> None:
    page = sign_in(context)
    page.add_init_script(NO_DATABASE + NO_STORAGE)
    caption(page, "c11")
    page.route("**/working-copy", lambda route: route.abort())
    page.keyboard.insert_text("Kept nowhere.")
    page.keyboard.type(" Really.")
    expect(page.locator("[data-save-state]")).to_contain_text("this browser keeps nothing", timeout=15_000)


def test_words_of_a_page_that_was_left_are_offered_when_the_caption_changed_since_d03(
    server: Server, context: BrowserContext, browser: Browser
) -> None:
    page = caption(sign_in(context), "c12")
    page.route("**/working-copy", lambda route: route.abort())
    page.keyboard.insert_text("Ana wrote this on a train.")
    expect(page.locator("[data-banner=offline]")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.close()
    others = browser.new_context(base_url=server.url)
    rui = caption(sign_in(others, "rui"), "c12")
    rui.keyboard.insert_text("Rui wrote that at home.")
    with rui.expect_navigation():
        rui.keyboard.press("Control+s")
    others.close()

    page = context.new_page()
    page.goto("/projects/demo/clips/c12/caption")
    kept = page.locator("[data-banner-kept]")
    expect(kept).to_be_visible()
    assert "on a train" not in text(page)
    assert kept.locator("textarea").input_value() == "Ana wrote this on a train."
    kept.get_by_role("link", name="Compare and merge").click()
    page.wait_for_url("**/merge")
    page.get_by_role("link", name="Take all of theirs").click()
    page.get_by_role("button", name="Save the merged text").click()
    page.wait_for_url("**/caption")
    written = [words for clip, _, words in server.revisions() if clip == "c12"]
    assert {"Ana wrote this on a train.", "Rui wrote that at home."} <= set(written)
    expect(page.locator("[data-banner-kept]")).to_be_hidden()
