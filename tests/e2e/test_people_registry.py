"""Who is in a clip, in a real browser: counted and lit up in the text, proposed from it, pointed at in the picture."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from annotation.models import Caption, CaptionWorkingCopy, Project, User
from annotation.services.captions import autosave, words_for
from tests.e2e.caption_page import WORKSPACE, Opener, go_to, is_saved, open_as, playing_clip, put_caret, tell
from tests.factories import DraftedCaptionFactory

__all__ = ["open_as"]

pytestmark = [pytest.mark.browser, pytest.mark.workspace, pytest.mark.django_db(transaction=True)]

TEXT = (
    "There are two people. The first is a man with a shaved head; the second is a young woman with auburn hair. "
    "[00:01.2] The woman in the green T-shirt passes the man on the roof. [00:06.6] The person leaves. "
    "[00:06.9] The man runs."
)
MAN = {"key": "P1", "description": "man with shaved head, reddish-brown T-shirt"}
WOMAN = {"key": "P2", "description": "young woman, auburn hair, green T-shirt"}
FAR = {"key": "P3", "description": "person in pale clothes, far background"}
POINT = {"time_ms": 3400, "x_permille": 600, "y_permille": 400}

MENTIONS = """async ([text, people]) => {
  const { mentionsOf } = await import("STATIC/js/people-text.js");
  return mentionsOf(text, people).map((one) => `${one.key}: ${text.slice(one.from, one.to)}`);
}""".replace("STATIC/", settings.STATIC_URL)
NEWCOMERS = """async ([text, people, proposed]) => {
  const { newcomers } = await import("STATIC/js/people-text.js");
  return newcomers(text, people, proposed).map((one) => one.description);
}""".replace("STATIC/", settings.STATIC_URL)
PICTURE = """async () => {
  const { pictureIn, permilleAt, pointOf, pointText } = await import("STATIC/js/people-text.js");
  const wide = pictureIn({ left: 10, top: 20, width: 400, height: 200 }, { width: 300, height: 300 });
  return {
    wide,
    inside: permilleAt(110 + 50, 20 + 100, wide), corner: permilleAt(310, 220, wide), beside: permilleAt(50, 100, wide),
    there: pointOf(pointText({ time_ms: 1, x_permille: 0, y_permille: 1000 })),
    nowhere: [pointOf(""), pointText(undefined)],
  };
}""".replace("STATIC/", settings.STATIC_URL)


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, text=TEXT, clip=playing_clip(project))


def keep(caption: Caption, user: User, people: list[dict[str, Any]]) -> None:
    autosave(caption=caption, user=user, etag=words_for(caption, user).etag, text=TEXT, people=people)


def kept_people(page: Page, user: User) -> Any:
    is_saved(page)
    return CaptionWorkingCopy.objects.get(owner=user).people


def test_mentions_are_told_apart_by_noun_and_by_what_describes_them(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    assert page.evaluate(MENTIONS, [TEXT, [MAN, WOMAN, FAR]]) == [
        "P1: man with a shaved head",
        "P2: young woman with auburn hair",
        "P2: woman in the green T-shirt",
        "P1: man",
        "P1: man",
    ]
    red, blue = {"key": "P1", "description": "man in red"}, {"key": "P2", "description": "man in a blue coat"}
    text = "The man in the blue coat meets the man in red. The man waves. A tall, red man bows. The person in red sits."
    assert page.evaluate(MENTIONS, [text, [red, blue]]) == [
        "P2: man in the blue coat",
        "P1: man in red",
        "P1: red man",
        "P1: person in red",
    ]
    player = {"key": "P1", "description": "tennis player in white"}
    assert page.evaluate(MENTIONS, ["A TENNIS player serves; two players, a playeress.", [player]]) == [
        "P1: TENNIS player"
    ]
    assert page.evaluate(MENTIONS, ["The man [00:01.0] .*", [{"key": "P1", "description": ""}]]) == []


def test_only_who_is_not_in_the_registry_is_proposed(caption: Caption, ana: User, open_as: Opener) -> None:
    at = TEXT.index("young woman")
    proposed: list[dict[str, Any]] = [
        {"description": "young woman with auburn hair", "mentions": [[at, at + 11]]},
        {"description": "a boy", "mentions": []},
        {"description": "the man with shaved head and reddish-brown T-shirt", "mentions": []},
    ]
    page = open_as(ana)
    everybody = [one["description"] for one in proposed]
    assert page.evaluate(NEWCOMERS, [TEXT, [], proposed]) == everybody
    assert page.evaluate(NEWCOMERS, [TEXT, [WOMAN], proposed]) == everybody[1:]
    assert page.evaluate(NEWCOMERS, [TEXT, [WOMAN, {"key": "P2", "description": "A boy"}], proposed]) == everybody[2:]


def test_a_place_in_the_picture_is_worked_out_inside_its_bars(caption: Caption, ana: User, open_as: Opener) -> None:
    assert open_as(ana).evaluate(PICTURE) == {
        # a square in 400 by 200: 200 by 200, bars of 100 left and right
        "wide": {"left": 110, "top": 20, "width": 200, "height": 200},
        "inside": {"x_permille": 250, "y_permille": 500},
        "corner": {"x_permille": 1000, "y_permille": 1000},
        "beside": None,
        "there": {"time_ms": 1, "x_permille": 0, "y_permille": 1000},
        "nowhere": [None, ""],
    }


def test_mentions_are_counted_lit_up_and_stand_out_for_who_is_looked_at(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    keep(caption, ana, [MAN, WOMAN, FAR])
    page = open_as(ana)
    counts = page.locator("[data-person] .n")
    expect(counts).to_have_text(["3 mentions", "2 mentions", "not described"])
    expect(page.locator(".p1")).to_have_text(["man with a shaved head", "man", "man"])
    expect(page.locator(".p2")).to_have_text(["young woman with auburn hair", "woman in the green T-shirt"])
    page.get_by_label("Person 2", exact=True).focus()
    expect(page.locator(".p.is-on")).to_have_text(["young woman with auburn hair", "woman in the green T-shirt"])
    page.get_by_label("Person 1", exact=True).fill("")
    expect(counts).to_have_text(["not described", "2 mentions", "not described"])
    put_caret(page, len(TEXT))
    page.keyboard.type(" A person in pale clothes waits.")
    expect(counts).to_have_text(["not described", "2 mentions", "1 mention"])
    expect(page.locator(".p.is-on")).to_have_count(0)


def test_people_are_added_removed_and_kept(caption: Caption, ana: User, open_as: Opener) -> None:
    keep(caption, ana, [MAN, WOMAN])
    page = open_as(ana)
    page.get_by_role("button", name="Remove person 1").click()
    expect(page.get_by_role("button", name="Add person")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Person 2", exact=True)).to_be_focused()
    page.keyboard.type("boy")
    assert kept_people(page, ana) == [WOMAN, {"key": "P3", "description": "boy"}]
    expect(page.locator("[data-people-count]")).to_have_text("2")


def test_a_described_person_is_proposed_and_added_by_a_press(caption: Caption, ana: User, open_as: Opener) -> None:
    keep(caption, ana, [MAN])
    page = open_as(ana)
    buttons = page.get_by_role("button", name=re.compile("^Add: "))
    expect(buttons).to_have_text(["Add: young woman with auburn hair"])  # what the checks found
    people = [{"description": f"{who} with <b>", "mentions": []} for who in ("woman", "boy", "girl", "child")]
    tell(page, "caption:checked", {"flags": [], "people": people})
    expect(buttons).to_have_text(["Add: woman with <b>", "Add: boy with <b>", "Add: girl with <b>"])
    buttons.first.click()
    expect(buttons).to_have_text(["Add: boy with <b>", "Add: girl with <b>", "Add: child with <b>"])
    expect(buttons.first).to_be_focused()
    assert kept_people(page, ana) == [MAN, {"key": "P2", "description": "woman with <b>"}]


def test_a_person_is_pointed_at_by_pointer_shown_near_that_time_and_forgotten(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    keep(caption, ana, [MAN])
    page = open_as(ana)
    go_to(page, 3.4)
    page.get_by_role("button", name="Point at P1").click()
    box = page.locator("video").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
    expect(page.locator(".point-aim")).to_have_count(0)
    assert page.locator("video").evaluate("video => video.paused")
    dot = page.locator(".point-dot")
    expect(dot).to_have_text("P1")
    at = kept_people(page, ana)[0]["at"]
    assert at["time_ms"] == 3400
    # 854 by 480 in a box of 16 by 9 loses a bar of less than a thousandth
    assert (abs(at["x_permille"] - 600) <= 2, abs(at["y_permille"] - 400) <= 2) == (True, True), (at, box)
    middle = dot.bounding_box()
    assert middle is not None
    assert abs(middle["x"] + middle["width"] / 2 - box["x"] - box["width"] * 0.6) < 2
    go_to(page, 4.0)
    expect(dot).to_be_hidden()
    page.get_by_role("link", name="seen at 00:03.4").click()
    expect(dot).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="seen at 00:03.4")).to_be_visible()
    page.get_by_role("button", name="Forget where P1 was pointed at").click()
    expect(page.get_by_role("link", name="seen at")).to_have_count(0)
    assert kept_people(page, ana) == [MAN]


def test_a_zoomed_picture_is_pointed_at_where_it_is_seen(caption: Caption, ana: User, open_as: Opener) -> None:
    keep(caption, ana, [MAN])
    page = open_as(ana)
    page.get_by_role("button", name="Zoom").click()
    page.wait_for_function("() => document.getAnimations().length === 0")  # it glides
    screen = page.locator(".player-screen").bounding_box()
    assert screen is not None
    page.get_by_role("button", name="Point at P1").click()
    page.mouse.click(screen["x"] + screen["width"] * 0.75, screen["y"] + screen["height"] * 0.5)
    at = kept_people(page, ana)[0]["at"]
    assert abs(at["x_permille"] - 625) <= 2  # twice as large round the middle: half the way out
    assert abs(at["y_permille"] - 500) <= 2


def test_a_person_is_pointed_at_with_arrow_keys(caption: Caption, ana: User, open_as: Opener) -> None:
    keep(caption, ana, [MAN, WOMAN])
    page = open_as(ana)
    page.get_by_role("button", name="Point at P2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("application", name=re.compile("Point at P2"))).to_be_focused()
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Point at P2")).to_be_focused()
    at = kept_people(page, ana)[1]["at"]
    assert (at["x_permille"], at["y_permille"]) == (560, 480)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("application")).to_have_count(0)
    assert kept_people(page, ana)[1]["at"] == at


def test_the_plain_form_keeps_where_a_person_was_pointed_at(caption: Caption, ana: User, open_as: Opener) -> None:
    keep(caption, ana, [MAN, {**WOMAN, "at": POINT}])
    page = open_as(ana, java_script_enabled=False)
    page.get_by_label("Person 2", exact=True).fill("woman")
    page.get_by_role("button", name="Save Ctrl+S").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    caption.refresh_from_db()
    assert caption.head is not None
    assert caption.head.people == [MAN, {"key": "P2", "description": "woman", "at": POINT}]


def test_restored_people_bring_their_places(caption: Caption, ana: User, open_as: Opener) -> None:
    keep(caption, ana, [MAN])
    page = open_as(ana)
    tell(page, "caption:restore", {"content": {"text": TEXT, "people": [{**WOMAN, "at": POINT}]}})
    expect(page.get_by_label("Person 1", exact=True)).to_have_value(WOMAN["description"])
    expect(page.get_by_role("link", name="seen at 00:03.4")).to_be_visible()
    tell(page, "caption:touched", {})
    assert kept_people(page, ana) == [{**WOMAN, "at": POINT}]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_registry_is_accessible(caption: Caption, ana: User, open_as: Opener, scheme: str, width: int) -> None:
    keep(caption, ana, [MAN, {**WOMAN, "at": {**POINT, "time_ms": 0}}, FAR])
    page = open_as(ana, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(WORKSPACE)
    tell(page, "caption:checked", {"flags": [], "people": [{"description": "boy", "mentions": []}]})
    expect(page.get_by_role("button", name="Add: boy")).to_be_visible()
    page.get_by_role("button", name="Point at P1").click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
