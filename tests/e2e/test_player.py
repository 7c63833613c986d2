"""The clip player in a browser: steps of exactly one frame, loops, what was really watched, clips of every shape."""

import itertools
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from tests.annotation.accumulation.video_factory import Video, make_video
from tests.e2e.conftest import SignIn
from tests.stack import Stack, manage

pytestmark = [pytest.mark.browser, pytest.mark.workspace]

UNEVEN = [0, 40, 80, 200, 210, 300, 1290, 1330, 2500, 2510]
CLIPS: dict[str, Video] = {
    "portrait": Video(width=360, height=640, frames=30),
    "rotated": Video(width=320, height=180, frames=30, rotation=90),
    "one-frame": Video(width=320, height=180, frames=1),
    "three-frames": Video(width=320, height=180, frames=3),
    "uneven": Video(width=320, height=180, times=UNEVEN, tick=Fraction(1, 1000)),
    "spoken": Video(width=320, height=180, frames=100, sound="aac"),
}
SUBTITLES = """WEBVTT

00:00.000 --> 00:01.000
Hello <i>there</i>

00:01.000 --> 00:02.000
Second
"""
PRESENTED = """() => { const video = document.querySelector("video"); window.presented = [];
  const note = (_, { mediaTime }) => { window.presented.push(mediaTime); video.requestVideoFrameCallback(note); };
  video.requestVideoFrameCallback(note); }"""
"""The test's own record of every picture that the browser shows."""
COLLECTED = """() => { const body = {};
  document.dispatchEvent(new CustomEvent("caption:collect", { detail: { body } })); return body.watched; }"""


@pytest.fixture(scope="module", autouse=True)
def clips(stack: Stack, passwords: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Clips of odd shapes in the sample project; the accounts exist first, because making them empties it."""
    folder: Path = tmp_path_factory.mktemp("clips")
    (folder / "spoken.vtt").write_text(SUBTITLES)
    lines: list[dict[str, Any]] = []
    for clip_id, video in CLIPS.items():
        make_video(folder / f"{clip_id}.mp4", video)
        more = {"subtitles": "spoken.vtt"} if video.sound else {}
        lines.append({"clip_id": clip_id, "video": f"{clip_id}.mp4", "license": "CC0", **more})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)))
    said = manage(stack.data, "import_clips", str(folder / "manifest.jsonl"), "--project", "demo")
    assert said.returncode == 0, said


def opened(page: Page, clip_id: str) -> Page:
    """The clip's caption page, with its first frame on the screen and the times of its frames known."""
    with page.expect_response("**/frame-times"):
        page.goto(f"/projects/demo/clips/{clip_id}/caption")
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    expect(frame_of(page)).to_have_text("0")
    page.wait_for_function("() => document.querySelector('[data-clip-player]').clip.picture.sought === null")
    return page


@pytest.fixture
def ana(sign_in: SignIn) -> Page:
    return sign_in("ana")


def frame_of(page: Page) -> Locator:
    return page.locator("[data-frame]")


def text_of(page: Page) -> Locator:
    return page.get_by_label("Caption", exact=True)


def steps(page: Page, key: str, frames: range) -> list[float]:
    """Press the key once for each frame that must come next; the times of the pictures that came."""
    shown = []
    for frame in frames:
        page.keyboard.press(key)
        expect(frame_of(page)).to_have_text(str(frame))
        shown.append(page.evaluate("() => window.presented.at(-1)"))
    return shown


@pytest.mark.parametrize(("clip_id", "fps"), [("rooftop-somersault", 30), ("lab-balance-one-man", 60)])
def test_sixty_steps_forward_and_back_land_on_frame_0_and_each_is_one_frame(ana: Page, clip_id: str, fps: int) -> None:
    opened(ana, clip_id)
    ana.evaluate(PRESENTED)
    text_of(ana).focus()  # the hands stay on the text
    forward = steps(ana, "Control+.", range(1, 61))
    back = steps(ana, "Control+,", range(59, -1, -1))
    assert forward == pytest.approx([frame / fps for frame in range(1, 61)], abs=1e-4)
    assert back == pytest.approx([frame / fps for frame in range(59, -1, -1)], abs=1e-4)
    assert [round(time * fps) for time in ana.evaluate("() => window.presented")] == [*range(1, 61), *range(59, -1, -1)]
    expect(text_of(ana)).to_be_focused()


def test_keys_pressed_faster_than_pictures_come_lose_and_double_no_step(ana: Page) -> None:
    opened(ana, "lab-balance-one-man")
    ana.evaluate(PRESENTED)
    for _ in range(60):
        ana.keyboard.press("Control+.")
    expect(frame_of(ana)).to_have_text("60")
    for _ in range(25):
        ana.keyboard.press("Control+,")
    expect(frame_of(ana)).to_have_text("35")
    assert ana.evaluate("() => window.presented.at(-1)") == pytest.approx(35 / 60, abs=1e-4)
    ana.keyboard.down("Control")
    for _ in range(20):  # a key that is held down
        ana.keyboard.down(".")
    ana.keyboard.up(".")
    ana.keyboard.up("Control")
    expect(frame_of(ana)).to_have_text("55")


def test_uneven_frames_are_stepped_one_by_one(ana: Page) -> None:
    opened(ana, "uneven")
    ana.evaluate(PRESENTED)
    assert steps(ana, ".", range(1, 10)) == pytest.approx([time / 1000 for time in UNEVEN[1:]], abs=1e-4)
    ana.keyboard.press(".")  # there is none after the last
    assert steps(ana, ",", range(8, -1, -1)) == pytest.approx([time / 1000 for time in UNEVEN[-2::-1]], abs=1e-4)
    expect(ana.locator(".player-time [data-now]")).to_have_text("00:00.0")


def test_without_the_real_times_steps_go_by_the_clips_rate(ana: Page) -> None:
    ana.route("**/frame-times", lambda route: route.fulfill(json={"timescale": 1, "pts": []}))
    opened(ana, "rooftop-somersault")
    ana.evaluate(PRESENTED)
    assert steps(ana, ".", range(1, 6)) == pytest.approx([frame / 30 for frame in range(1, 6)], abs=1e-4)


@pytest.mark.parametrize(("clip_id", "frames"), [("one-frame", 1), ("three-frames", 3)])
def test_clips_of_a_few_frames_step_and_play(ana: Page, clip_id: str, frames: int) -> None:
    opened(ana, clip_id)
    for _ in range(5):
        ana.keyboard.press(".")
    expect(frame_of(ana)).to_have_text(str(frames - 1))
    for _ in range(5):
        ana.keyboard.press(",")
    expect(frame_of(ana)).to_have_text("0")
    ana.wait_for_function("() => document.querySelector('[data-clip-player]').clip.picture.sought === null")
    # A tenth of a second: a browser that is busy when it begins tells of it late, and counts what it saw from there.
    for _ in range(3):
        ana.keyboard.press("k")
        ana.wait_for_function("() => document.querySelector('video').ended")
        ana.wait_for_function("() => document.querySelector('[data-watched-text]').textContent !== 'watched 0 %'")
        if ana.locator("[data-watched-text]").text_content() == "watched 100 %":
            break
    expect(ana.locator("[data-watched-text]")).to_have_text("watched 100 %")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("clip_id", ["portrait", "rotated"])
def test_an_upright_picture_fits_its_pane(sign_in: SignIn, clip_id: str, width: int) -> None:
    page = opened(sign_in("ana", width=width, height=800), clip_id)
    video, pane = page.locator("video").bounding_box(), page.locator(".player-screen").bounding_box()
    assert video and pane and page.evaluate("() => document.querySelector('video').videoHeight") > 300
    assert video["height"] <= pane["height"] <= 800 / 2
    assert video["width"] <= pane["width"] <= width
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_sound_is_offered_where_there_is_some_and_is_remembered(ana: Page) -> None:
    opened(ana, "portrait")
    expect(ana.get_by_role("button", name="Mute")).to_have_count(0)
    opened(ana, "spoken")
    ana.get_by_label("Volume").fill("40")
    text_of(ana).focus()
    ana.keyboard.press("F10")
    expect(ana.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    expect(text_of(ana)).to_be_focused()
    opened(ana, "spoken")
    state = "() => { const { muted, volume } = document.querySelector('video'); return [muted, volume]; }"
    assert ana.evaluate(state) == [True, 0.4]
    ana.get_by_role("button", name="Mute").click()
    assert ana.evaluate(state) == [False, 0.4]
    expect(ana.get_by_label("Volume")).to_have_value("40")


def test_subtitles_stand_in_a_lane_of_their_own_and_can_be_hidden(ana: Page) -> None:
    opened(ana, "spoken")
    lane = ana.locator("[data-subtitles]")
    expect(lane).to_have_text("Hello there")
    picture, below = ana.locator(".player-screen").bounding_box(), lane.bounding_box()
    assert picture and below and below["y"] >= picture["y"] + picture["height"] - 1
    ana.keyboard.press("l")
    expect(lane).to_have_text("Second")
    ana.keyboard.press("c")
    expect(lane).to_be_hidden()
    opened(ana, "spoken")
    expect(lane).to_be_hidden()
    ana.get_by_role("button", name="Subtitles").click()
    expect(lane).to_have_text("Hello there")


def seek(page: Page, seconds: float) -> None:
    page.evaluate("t => document.dispatchEvent(new CustomEvent('clip:seek', { detail: { t } }))", seconds)
    expect(page.locator(".player-time [data-now]")).to_have_text(f"00:{seconds:04.1f}")


def played(page: Page, until: float) -> None:
    """On until there, and then paused. A short clip may have ended meanwhile: K would begin it anew."""
    page.keyboard.press("k")
    page.wait_for_function("t => document.querySelector('[data-clip-player]').clip.time >= t", arg=until)
    if not page.evaluate("document.querySelector('video').paused"):
        page.keyboard.press("k")


def covered(page: Page) -> list[list[int]]:
    spans: list[list[int]] = page.evaluate(COLLECTED)
    return spans


def test_only_what_was_played_counts_as_watched(ana: Page) -> None:
    opened(ana, "rooftop-somersault")
    assert covered(ana) == []
    for _ in range(5):
        ana.keyboard.press(".")
    expect(frame_of(ana)).to_have_text("5")
    seek(ana, 3.0)
    assert covered(ana) == []  # steps and jumps are looks
    played(ana, 3.5)
    seek(ana, 6.0)
    played(ana, 6.4)
    (first, second) = covered(ana)
    assert (first[0], second[0]) == (3000, 6000)
    assert 3500 <= first[1] <= 4500 and 6400 <= second[1] <= 7400
    assert ana.locator("[data-cover] i").count() == 2
    percent = (first[1] - first[0] + second[1] - second[0]) * 100 // 7667
    expect(ana.locator("[data-watched-text]")).to_have_text(f"watched {percent} %")


def test_what_plays_in_a_window_that_nobody_sees_is_not_watched(ana: Page) -> None:
    opened(ana, "rooftop-somersault")
    ana.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    played(ana, 1.0)
    assert covered(ana) == []
    ana.evaluate("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }")
    played(ana, 2.0)
    (span,) = covered(ana)
    assert span[0] >= 1000


def test_what_was_watched_before_is_told_and_sent_along(ana: Page) -> None:
    opened(ana, "rooftop-somersault")
    ana.evaluate("() => document.addEventListener('clip:watched', (event) => { window.told = event.detail; })")
    content = {"text": "", "people": [], "watched": [[0, 1000], [5000, 6000]]}
    ana.evaluate("c => document.dispatchEvent(new CustomEvent('caption:restore', { detail: { content: c } }))", content)
    assert covered(ana) == [[0, 1000], [5000, 6000]]
    assert ana.evaluate("() => window.told") == {"spans": [[0, 1000], [5000, 6000]], "percent": 26}  # 2000 of 7667
    seek(ana, 0.9)
    played(ana, 1.2)
    (first, second) = covered(ana)
    assert first[0] == 0 and first[1] >= 1200 and second == [5000, 6000]


def test_watching_keeps_nothing_by_itself_until_somebody_has_written(ana: Page) -> None:
    opened(ana, "lab-balance-one-man")  # whose cover no other test here has kept
    ana.evaluate(
        "() => { window.touched = [];"
        " document.addEventListener('caption:touched', () => touched.push(performance.now())); }"
    )
    changed = "isFirst => document.dispatchEvent(new CustomEvent('caption:changed', { detail: { text: '', isFirst } }))"
    ana.evaluate(changed, True)
    played(ana, 0.5)
    expect(ana.locator("[data-cover] i")).not_to_have_count(0)
    assert ana.evaluate("touched") == []
    ana.evaluate(changed, False)
    played(ana, 1.0)
    ana.wait_for_function("() => touched.length > 0")
    played(ana, 1.3)
    times = ana.evaluate("touched")
    assert all(later - earlier >= 5000 for earlier, later in itertools.pairwise(times))


def test_too_many_spans_are_joined_where_least_is_between(ana: Page) -> None:
    opened(ana, "portrait")
    joined = """async () => { const { fewer, withSpan, percentOf } = await import("STATIC/js/player-watched.js");
      return [fewer([[0, 10], [20, 30], [35, 40], [60, 70]], 2), withSpan([[0, 10], [20, 30]], [10, 20]),
        withSpan([[0, 10]], [30, 40]), withSpan([[0, 10]], [5, 5]), percentOf([[0, 10], [20, 99]], 40)]; }""".replace(
        "STATIC/", settings.STATIC_URL
    )
    assert ana.evaluate(joined) == [[[0, 40], [60, 70]], [[0, 30]], [[0, 10], [30, 40]], [[0, 10]], 75]


def marks(page: Page, *starts: float) -> None:
    """Sentences from each start to the next, as the editor tells them."""
    sentences = [
        {"n": number, "start": start, "end": end, "text": f"Sentence {number}."}
        for number, (start, end) in enumerate(zip(starts, [*starts[1:], 7.667], strict=True), start=1)
    ]
    page.evaluate("s => document.dispatchEvent(new CustomEvent('clip:marks', { detail: { sentences: s } }))", sentences)


def times_told(page: Page) -> None:
    page.evaluate(
        "() => { window.times = []; document.addEventListener('clip:time', (e) => window.times.push(e.detail)); }"
    )


def test_a_loop_of_the_sentence_stays_inside_it(ana: Page) -> None:
    opened(ana, "rooftop-somersault")
    marks(ana, 0.5, 1.0, 1.4)
    seek(ana, 1.2)
    ana.keyboard.press("Control+Shift+Space")
    expect(ana.locator("[data-loop-flag]")).to_have_text("Loop 00:01.0 – 00:01.4")
    expect(frame_of(ana)).to_have_text("30")
    times_told(ana)
    ana.evaluate("document.querySelector('video').playbackRate = 0.5")  # a slow machine is late by fewer frames
    ana.wait_for_timeout(3000)
    told = ana.evaluate("() => window.times")
    frames = [one["frame"] for one in told]
    assert min(frames) == 30 and 41 <= max(frames) <= 44  # 1.0 to 1.4 s of 30 a second, and what a slow machine skips
    assert {one["sentence"] for one in told if one["frame"] < 42} == {2}
    assert sum(later["frame"] < one["frame"] for one, later in itertools.pairwise(told)) >= 2
    ana.keyboard.press("o")
    expect(ana.locator("[data-loop-flag]")).to_be_hidden()


def test_a_and_b_make_a_loop_while_one_types(ana: Page) -> None:
    opened(ana, "rooftop-somersault")
    text_of(ana).focus()
    seek(ana, 2.0)
    ana.keyboard.press("Control+Shift+[")
    seek(ana, 1.0)
    ana.keyboard.press("Control+Shift+]")
    expect(ana.locator("[data-player-live]")).to_have_text("The end of the loop must come after its start")
    seek(ana, 2.5)
    ana.keyboard.press("Control+Shift+]")
    expect(ana.locator("[data-loop-flag]")).to_have_text("Loop 00:02.0 – 00:02.5")
    expect(text_of(ana)).to_be_focused()


def test_the_last_seconds_again_and_jumps_from_mark_to_mark(ana: Page) -> None:
    opened(ana, "rooftop-somersault")
    marks(ana, 1.0, 2.0, 4.9)
    text_of(ana).focus()
    for expected in (30, 60, 147, 147):
        ana.keyboard.press("Control+'")
        expect(frame_of(ana)).to_have_text(str(expected))
    for expected in (60, 30, 0):
        ana.keyboard.press("Control+Shift+'")
        expect(frame_of(ana)).to_have_text(str(expected))
    seek(ana, 5.0)
    times_told(ana)
    ana.keyboard.press("F2")
    ana.wait_for_function("() => window.times.some((one) => one.t > 2.2)")
    assert min(one["t"] for one in ana.evaluate("() => window.times")) == pytest.approx(2.0)
    expect(ana.get_by_role("button", name="Pause")).to_be_visible()
    expect(text_of(ana)).to_be_focused()


def test_transport_in_the_text_changes_speed_zoom_and_place_and_keeps_the_focus(ana: Page) -> None:
    opened(ana, "rooftop-somersault")
    text = text_of(ana)
    text.focus()
    for key in ("F4", "F4", "F9", "Control+Shift+."):
        ana.keyboard.press(key)
    expect(ana.locator("[data-speed-flag]")).to_have_text("1.5×")
    expect(ana.locator("[data-zoom-flag]")).to_contain_text("2×")
    expect(frame_of(ana)).to_have_text("30")
    ana.keyboard.press("Control+Shift+,")
    ana.keyboard.press("F3")
    expect(ana.locator("[data-speed-flag]")).to_have_text("1.25×")
    expect(frame_of(ana)).to_have_text("0")
    ana.get_by_role("button", name="One frame forward").click()  # a press leaves the caret where it is
    ana.locator(".player-screen").click()
    expect(ana.get_by_role("button", name="Pause")).to_be_visible()
    expect(text).to_be_focused()


def test_the_next_clip_is_fetched_once_and_stands_nowhere(ana: Page) -> None:
    opened(ana, "portrait")
    asked: list[str] = []
    ana.on("request", lambda request: asked.append(request.url.partition("/clips/")[2]))
    send = """id => document.dispatchEvent(new CustomEvent("clip:preload", { detail:
      { video: `/projects/demo/clips/${id}/video.mp4`, poster: `/projects/demo/clips/${id}/poster.jpg` } }))"""
    with ana.expect_response("**/rotated/video.mp4"):
        ana.evaluate(send, "rotated")
    ana.evaluate(send, "rotated")
    with ana.expect_response("**/spoken/video.mp4"):
        ana.evaluate(send, "spoken")
    ana.wait_for_timeout(200)
    assert [one for one in asked if "rotated" in one].count("rotated/video.mp4") == 1
    assert ana.locator("video").count() == 1


@pytest.mark.parametrize("dark", [False, True])
def test_the_player_has_names_and_targets_that_everybody_can_use(sign_in: SignIn, dark: bool) -> None:
    page = opened(sign_in("ana", width=1440, height=900, dark=dark), "spoken")
    found = Axe().run(page, context=".player")
    assert found.violations_count == 0, found.generate_report()
    for button in page.locator(".player button:visible").all():
        box = button.bounding_box()
        assert box and min(box["width"], box["height"]) >= 24, button
