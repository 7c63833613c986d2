"""The whole job by hand, as four people, in the platform as people start it: from a drafted caption to a release.

The JSON at the end equals a file that was written by hand from the samples (expected/haicbench.json). Option orders
in it were worked out with `printf '%s' "<question id><option id>" | sha256sum`, the videos' digests with `sha256sum`.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.caption_page import text_of
from tests.e2e.conftest import SignIn
from tests.stack import HOME, Stack, environment, manage

pytestmark = pytest.mark.browser

EXPECTED = Path(__file__).parent / "expected/haicbench.json"
ROOFTOP, LAB = "rooftop-somersault", "lab-balance-three-people"
CLIPS = "/projects/demo/clips"
CORRECTIONS = [
    ("[00:02.0]", "[00:01.0]"),
    ("a backflip", "a forward somersault"),
    ("to the left.", "to the right."),
]


def masked(text: str) -> str:
    """Without the three things that differ from run to run: frozen_at, digests and pseudonyms."""
    text = re.sub(r'("frozen_at": )"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', r'\1"FROZEN_AT"', text)
    text = re.sub(r'("(?:items_)?digest": )"[0-9a-f]{64}"', r'\1"DIGEST"', text)
    return re.sub(r'"p-[0-9a-f]{10}"', '"PSEUDONYM"', text)


def test_four_people_bring_two_clips_from_draft_to_release(stack: Stack, sign_in: SignIn, tmp_path: Path) -> None:
    ana = sign_in("ana")
    ana_corrects_and_submits_the_captions(ana)
    rui_approves_one_and_fixes_the_other(sign_in("rui"))
    ana_corrects_and_submits_the_questions(ana)
    oda_answers_blind_and_judges(sign_in("oda"))
    downloaded = adam_freezes_and_downloads(sign_in("adam"), tmp_path)

    assert masked(downloaded) == EXPECTED.read_text()
    export_thrice_gives_identical_bytes(stack, tmp_path, downloaded)
    said = manage(stack.data, "verify_history", "--project", "demo")
    assert (said.returncode, said.stdout.startswith("history verified: ")) == (0, True), said
    said = manage(stack.data, "fsck", "--deep")
    assert (said.returncode, said.stdout) == (0, "files and rows agree\n"), said


def ana_corrects_and_submits_the_captions(page: Page) -> None:
    page.goto(f"{CLIPS}/{ROOFTOP}/caption")
    the_clip_plays_and_seeks(page)
    editor = page.get_by_label("Caption", exact=True)
    text = text_of(page)
    for wrong, right in (
        ("[00:02.0]", "[00:01.0]"),
        ("a backflip", "a forward somersault"),
        ("to the left.", "to the right."),
    ):
        assert wrong in text
        head, _, tail = text.rpartition(wrong)
        text = head + right + tail
    editor.fill(text)
    assert text_of(page) == text
    for number, who in enumerate(("bald man in a brown T-shirt", "young woman in a green T-shirt"), start=1):
        page.get_by_role("button", name="Add person").click()
        page.get_by_label(f"Person {number}", exact=True).fill(who)
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    page.reload()  # what was autosaved is there again
    assert text_of(page) == text
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_url(re.compile(f"{CLIPS}/lab-.*/caption"))  # the next of the queue

    page.goto(f"{CLIPS}/{LAB}/caption")
    page.get_by_label("Caption", exact=True).press("Control+Enter")
    page.wait_for_url(lambda url: LAB not in url)
    page.goto(f"{CLIPS}/")
    expect(page.locator(f"[data-clip={LAB}]")).to_contain_text("In review")


def the_clip_plays_and_seeks(page: Page) -> None:
    video = page.locator("video")
    video.evaluate("v => v.readyState >= 1 || new Promise(done => v.addEventListener('loadedmetadata', done))")
    frame = page.locator("[data-frame]")
    page.locator(".lane button").nth(4).click()  # the sentence at 4.9 s: frame 147 of 30 a second
    expect(frame).to_have_text("147")
    page.get_by_role("button", name="One frame forward").click()
    expect(frame).to_have_text("148")
    page.get_by_role("button", name="One frame back").click()
    expect(frame).to_have_text("147")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("[data-watched-text]")).to_have_text(re.compile("watched ([5-9]|[1-9][0-9]) %"))
    page.get_by_role("button", name="Pause").click()
    assert video.evaluate("v => v.currentTime") > 4.9


def rui_approves_one_and_fixes_the_other(page: Page) -> None:
    page.goto("/projects/demo/review/")
    page.get_by_role("link", name=ROOFTOP).click()
    expect(page.locator(".diff ins", has_text="forward somersault")).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_url("**/review/")
    page.get_by_role("link", name=LAB).click()
    page.get_by_text("Fix and approve", exact=True).first.click()
    fix = page.get_by_label("Text", exact=True)
    fix.fill(fix.input_value().replace("lowers his left leg", "lowers his right leg"))
    page.get_by_role("button", name="Fix and approve").click()
    page.wait_for_url("**/review/")
    expect(page.get_by_text("No caption waits")).to_be_visible()


def ana_corrects_and_submits_the_questions(page: Page) -> None:
    page.goto(f"{CLIPS}/{ROOFTOP}/questions")
    card = open_card(page, f"{ROOFTOP}-interaction-1")
    stem = card.locator("[name=question]")
    stem.fill(stem.input_value().replace("Subject 2", "the woman in the green T-shirt"))
    save_card(page, f"{ROOFTOP}-interaction-1")

    card = open_card(page, f"{ROOFTOP}-action_details-1")
    card.locator(".qa-evidence summary").click()
    card.get_by_label(re.compile("He stretches both arms straight up")).check()
    save_card(page, f"{ROOFTOP}-action_details-1")

    card = open_card(page, f"{ROOFTOP}-action_sequence-1")
    card.locator(".qa-drop summary").click()
    card.locator(".qa-drop [name=reason]").fill("One option has nineteen words.")
    card.get_by_role("button", name="Drop", exact=True).click()
    expect(page.locator(f"[id='q-{ROOFTOP}-action_sequence-1'] .badge").first).to_have_text("Dropped")

    card = open_card(page, f"{ROOFTOP}-count-1")
    card.get_by_role("textbox", name="Option D").fill("Four times")
    save_card(page, f"{ROOFTOP}-count-1")
    accept(page, f"{ROOFTOP}-attribute-1")
    submit_questions(page)

    page.goto(f"{CLIPS}/{LAB}/questions")
    for category in ("interaction", "action_details", "action_sequence", "attribute"):
        accept(page, f"{LAB}-{category}-1")
    card = open_card(page, f"{LAB}-count-1")
    card.locator("[name=key]").first.check()  # once, not twice
    save_card(page, f"{LAB}-count-1")
    submit_questions(page)


def open_card(page: Page, question_id: str):  # type: ignore[no-untyped-def]
    card = page.locator(f"[id='q-{question_id}']")
    if card.get_attribute("open") is None:
        card.locator("summary").first.click()
    return card


def save_card(page: Page, question_id: str) -> None:
    open_card(page, question_id).locator(".qa-foot button[value=save]").click()
    expect(page.locator(f"[id='q-{question_id}'] [data-state] .badge")).to_have_text("Editing")


def accept(page: Page, question_id: str) -> None:
    open_card(page, question_id).locator("button[value=accept]").click()
    expect(page.locator(f"[id='q-{question_id}'] [data-state] .badge")).to_have_text("Editing")


def submit_questions(page: Page) -> None:
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("questions were submitted for review")).to_be_visible()


def oda_answers_blind_and_judges(page: Page) -> None:
    """She has watched well: each answer is the key."""
    questions = [question for clip in json.loads(EXPECTED.read_text())["clips"] for question in clip["qa"]]
    keys = {question["question"].replace("colour", "color"): question["answer_text"] for question in questions}
    for clip, fixed in ((ROOFTOP, f"{ROOFTOP}-attribute-1"), (LAB, None)):
        page.goto(f"{CLIPS}/{clip}/questions/review")
        while page.locator("[data-blind]").count():
            assert "sample draft" not in page.content()
            assert "Ana" not in page.content()
            expect(page.locator("[data-key], .prose, .lane button")).to_have_count(0)
            page.get_by_role("radio", name=keys[page.locator("[data-blind] legend").inner_text()], exact=True).check()
            with page.expect_navigation():
                page.get_by_role("button", name="Lock the answer").click()
        expect(page.get_by_role("heading", name="Approved caption")).to_be_visible()
        if fixed:
            card = page.locator(f"[id='q-{fixed}']")
            card.get_by_text("Fix and approve…").click()
            stem = card.get_by_label("Question", exact=True)
            stem.fill(stem.input_value().replace("color", "colour"))
            card.get_by_role("button", name="Fix and approve", exact=True).click()
            expect(card).to_have_count(0)
        while (approve := page.get_by_role("button", name=re.compile(r"^Approve question"))).count():
            with page.expect_navigation():
                approve.first.click()


def adam_freezes_and_downloads(page: Page, folder: Path) -> str:
    page.goto("/projects/demo/releases/")
    page.locator(".freeze > summary").click()
    expect(page.get_by_text("Can be frozen")).to_be_visible()
    page.get_by_label("Version").fill("1.0.0")
    page.get_by_role("button", name="Freeze the release").click()
    page.wait_for_url("**/releases/1.0.0/")
    with page.expect_download() as download:
        page.get_by_role("link", name="haicbench.json", exact=True).click()
    target = folder / "downloaded.json"
    download.value.save_as(target)
    return target.read_text()


def export_thrice_gives_identical_bytes(stack: Stack, folder: Path, downloaded: str) -> None:
    exports = []
    for n, seed in enumerate(("0", "0", "4242")):
        out = folder / f"export-{n}"
        arguments = ["export", "--project", "demo", "--release", "1.0.0", "--layout", "haicbench", "--out", str(out)]
        env = {**environment(), "PYTHONHASHSEED": seed}
        said = manage(stack.data, *arguments, env=env)
        assert said.returncode == 0, said.stderr
        exports.append(
            {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        )
    assert exports[0] == exports[1] == exports[2]
    written = exports[0]
    assert set(written) == {
        *("haicbench.json", "haicbench.jsonl", "CHANGELOG.md", "CITATION.cff", "manifest.json"),
        *(f"videos/{clip}.mp4" for clip in (ROOFTOP, LAB)),
    }
    assert written["haicbench.json"].decode() == downloaded
    assert written[f"videos/{LAB}.mp4"] == (HOME / f"samples/clips/{LAB}.mp4").read_bytes()
    lines = [json.loads(line) for line in written["haicbench.jsonl"].decode().splitlines()]
    assert [line["id"] for line in lines][:2] == [f"{LAB}-interaction-1", f"{LAB}-action_details-1"]
    assert len(lines) == 9  # five of one clip, four of the other: one was dropped
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict"],
        cwd=folder / "export-0",
        input="".join(f"{file['sha256']}  {file['path']}\n" for file in json.loads(written["manifest.json"])["files"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
