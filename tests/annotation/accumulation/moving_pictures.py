"""Short clips made in memory: photographs that are moved about, and people who move. Labelled by how they were made.

A clip is the frames that a pipeline would sample of it, 0.4 s apart. People and photographs come from `samples/`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from annotation.accumulation.perception import Frame

SAMPLES = Path(__file__).parents[3] / "samples"
SAMPLE_S = 0.4
GRID_S = 0.1

Change = Callable[[Frame, float], Frame]
"""Makes another frame of one, given its time in the clip in seconds."""


@dataclass(frozen=True)
class MovingPicture:
    """moves: the label; people move in it by themselves. frames: made anew at each call."""

    name: str
    moves: bool
    frames: Callable[[], Iterator[Frame]]


# --- what they are made of --------------------------------------------------------------------------------------------


@cache
def film(name: str, start_s: float = 0.0) -> tuple[Frame, ...]:
    """A sample video from `start_s` on, one frame for every tenth of a second."""
    frames: list[Frame] = []
    with av.open(str(SAMPLES / name)) as container:
        for frame in container.decode(video=0):
            if frame.time >= start_s + len(frames) * GRID_S - 1e-6:
                frames.append(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
    return tuple(frames)


def photograph(name: str, at_s: float) -> Frame:
    return film(name)[round(at_s / GRID_S)]


ROOFTOP, ONE_MAN, THREE_PEOPLE = (
    f"clips/{name}.mp4" for name in ("rooftop-somersault", "lab-balance-one-man", "lab-balance-three-people")
)
ASTRONAUT, TWO_SCENES = "raw/gallery-pan-zoom.mp4", "raw/two-scenes.mp4"
SECOND_SCENE_S = 6.7


# --- cameras and light ------------------------------------------------------------------------------------------------


def camera(
    *,
    pan: tuple[float, float] = (0, 0),
    zoom: float = 0,
    turn: float = 0,
    shake: float = 0,
    near: float = 1.2,
    about: tuple[float, float] = (0.5, 0.5),
) -> Change:
    """A camera over a flat picture. pan: shares of the picture's width and height a second. zoom: share a second.
    turn: degrees a second. shake: share of the width by which it trembles. near: how much is cut off, so that its
    edges stay out of sight. about: the place that stays in the middle, in shares."""

    def change(frame: Frame, time_s: float) -> Frame:
        height, width = frame.shape[:2]
        tremble = np.random.default_rng(round(time_s * 1000) + 7).normal(0, shake, 3)
        middle = (width * about[0], height * about[1])
        matrix = cv2.getRotationMatrix2D(middle, turn * time_s + tremble[2] * 60, near * (1 + zoom) ** time_s)
        matrix[:, 2] += (width / 2 - middle[0], height / 2 - middle[1])
        matrix[:, 2] += (pan[0] * time_s + tremble[0]) * width, (pan[1] * time_s + tremble[1]) * height
        return warped(frame, matrix)

    return change


def warped(frame: Frame, matrix: NDArray) -> Frame:
    size = (frame.shape[1], frame.shape[0])
    return np.asarray(
        cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def tilted(frame: Frame, time_s: float) -> Frame:
    """A photograph on a table that is seen from one side more and more."""
    height, width = frame.shape[:2]
    lean = 0.04 * time_s
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[0, -lean], [1, lean], [1, 1 - lean], [0, 1 + lean]], np.float32) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    return np.asarray(cv2.warpPerspective(frame, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


def brightness(of: Callable[[float], float]) -> Change:
    return lambda frame, time_s: np.clip(frame * of(time_s), 0, 255).astype(np.uint8)


def grain(amount: float) -> Change:
    """Noise that is another in each frame, as of a film or a dark room. amount: deviation in steps of brightness."""

    def change(frame: Frame, time_s: float) -> Frame:
        noise = np.random.default_rng(round(time_s * 1000)).normal(0, amount, frame.shape)
        return np.clip(frame + noise, 0, 255).astype(np.uint8)

    return change


def squeezed(frame: Frame, time_s: float) -> Frame:
    """Coded so hard that blocks can be seen."""
    _, coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 12])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def mirrored(frame: Frame, time_s: float) -> Frame:
    return np.ascontiguousarray(frame[:, ::-1])


def small(frame: Frame, time_s: float) -> Frame:
    """At most 360 pixels high."""
    factor = 360 / frame.shape[0]
    return np.asarray(cv2.resize(frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def inset(frame: Frame, time_s: float) -> Frame:
    """The picture, growing, over a blurred copy of itself that stands still."""
    height, width = frame.shape[:2]
    behind = cv2.GaussianBlur(frame, (0, 0), width / 30)
    share = 0.6 * 1.06**time_s
    front = cv2.resize(frame, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA)
    top, left = (height - front.shape[0]) // 2, (width - front.shape[1]) // 2
    behind[top : top + front.shape[0], left : left + front.shape[1]] = front
    return np.asarray(behind, np.uint8)


def plain_backdrop(frame: Frame, time_s: float) -> Frame:
    """The middle of the picture on white, as in a catalogue: nothing behind the person to hold on to."""
    height, width = frame.shape[:2]
    y, x = np.mgrid[:height, :width]
    far = np.hypot((x - width * 0.42) / (width * 0.33), (y - height * 0.55) / (height * 0.6))
    near = np.clip((1.1 - far) * 5, 0, 1)[..., None]
    return np.asarray(frame * near + 245 * (1 - near), np.uint8)


# --- the two kinds ----------------------------------------------------------------------------------------------------


def still(name: str, picture: tuple[str, float], *changes: Change, samples: int = 5) -> MovingPicture:
    """A photograph, given as (sample video, second)."""

    def frames() -> Iterator[Frame]:
        for number in range(samples):
            yield _changed(photograph(*picture), number * SAMPLE_S, changes)

    return MovingPicture(f"photograph: {name}", False, frames)


def acted(
    name: str,
    source: tuple[str, float],
    *changes: Change,
    start_s: float = 0.0,
    speed: float = 1.0,
    samples: int = 5,
) -> MovingPicture:
    """People who move. source: (sample video, from which second it is taken). start_s: counted from there. speed: below
    1 it is slowed. It ends where the film does."""

    def frames() -> Iterator[Frame]:
        source_frames = film(*source)
        for number in range(samples):
            place = round((start_s + number * SAMPLE_S * speed) / GRID_S)
            if place < len(source_frames):
                yield _changed(source_frames[place], number * SAMPLE_S, changes)

    return MovingPicture(f"people: {name}", True, frames)


def _changed(frame: Frame, time_s: float, changes: tuple[Change, ...]) -> Frame:
    for change in changes:
        frame = change(frame, time_s)
    return frame


def cross_fade(name: str, first: tuple[str, float], second: tuple[str, float], *, fade_s: float = 1.2) -> MovingPicture:
    """One photograph becomes another, both slowly zoomed."""
    move = camera(zoom=0.05)

    def frames() -> Iterator[Frame]:
        for number in range(7):
            time_s = number * SAMPLE_S
            share = float(np.clip((time_s - 1.0) / fade_s, 0, 1))
            fading, coming = (move(photograph(*picture), time_s) for picture in (first, second))
            fitted = cv2.resize(coming, (fading.shape[1], fading.shape[0]))
            yield np.asarray(cv2.addWeighted(fading, 1 - share, fitted, share, 0), np.uint8)

    return MovingPicture(f"photograph: {name}", False, frames)


def two_crops(name: str, picture: tuple[str, float], *, every: int) -> MovingPicture:
    """Jumps between two parts of a photograph, one after `every` samples, that a scene detector may well miss."""
    crops = camera(near=1.1), camera(near=1.45, about=(0.45, 0.45))

    def frames() -> Iterator[Frame]:
        for number in range(6):
            yield crops[number // every % 2](photograph(*picture), 0)

    return MovingPicture(f"photograph: {name}", False, frames)


@cache
def empty_rooftop() -> Frame:
    """The rooftop without people: at each place what is there most of the time."""
    return np.asarray(np.median(np.stack(film(ROOFTOP)[::6]), axis=0), np.uint8)


def cut_out(
    name: str, *, start_s: float, people: Change, background: Change | None, held: bool = False, samples: int = 5
) -> MovingPicture:
    """The people of the rooftop, cut out of it and moved as `people` says.

    background: how the empty rooftop behind them is moved; None for plain grey without anything to hold on to. held:
    they are a photograph.
    """

    def frames() -> Iterator[Frame]:
        empty = empty_rooftop()
        for number in range(samples):
            time_s = number * SAMPLE_S
            frame = film(ROOFTOP)[round((start_s + (0 if held else time_s)) / GRID_S)]
            apart = cv2.GaussianBlur(cv2.absdiff(frame, empty).max(axis=2), (0, 0), 2)
            mask = cv2.dilate((apart > 24).astype(np.uint8) * 255, np.ones((7, 7), np.uint8))
            shown = people(np.dstack([mask] * 3), time_s) > 127
            behind = np.full_like(empty, 190) if background is None else background(empty, time_s)
            yield np.where(shown, people(frame, time_s), behind).astype(np.uint8)

    return MovingPicture(f"{'photograph' if held else 'people'}: {name}", not held, frames)


def everyday_clips() -> tuple[MovingPicture, ...]:
    """The set that every run of the tests measures: 14 photographs and 14 clips of people."""
    face, roof, man, three = (ASTRONAUT, 0.0), (ROOFTOP, 3.0), (ONE_MAN, 0.8), (THREE_PEOPLE, 0.8)
    slow_pan = camera(pan=(-0.02, 0))
    rooftop, one, several, lab = (ROOFTOP, 0.0), (ONE_MAN, 0.0), (THREE_PEOPLE, 0.0), (TWO_SCENES, SECOND_SCENE_S)
    return (
        still("frozen", roof, samples=4),
        still("panned", roof, camera(pan=(0.04, 0.01))),
        still("a face, panned and zoomed", face, camera(pan=(0.03, 0), zoom=0.06, near=1.05)),
        still("zoomed out", three, camera(zoom=-0.06, near=1.4)),
        still("turned", three, camera(turn=5)),
        still("shaken and zoomed", roof, camera(shake=0.008, zoom=0.05)),
        still("fades in and out", three, camera(zoom=0.04), brightness(lambda s: min(1, 0.05 + s, 1.8 - s))),
        cross_fade("cross-fade of two", three, (TWO_SCENES, 8.0)),
        two_crops("jumps between two crops all the time", three, every=1),
        still("grainy, panned", roof, camera(pan=(0.03, 0)), grain(12)),
        still("growing over its blurred self", man, inset),
        still("on white", face, camera(zoom=-0.05, near=0.9), plain_backdrop),
        still("a face that fills the picture, panned", face, camera(pan=(0.03, 0.01), near=2, about=(0.42, 0.4))),
        cut_out("cut out, on grey, panned", start_s=3.0, people=slow_pan, background=None, held=True),
        acted("rooftop, beginning", rooftop),
        acted("rooftop, middle, mirrored", rooftop, mirrored, start_s=2.4),
        acted("rooftop, half as fast", rooftop, start_s=4.4, speed=0.5),
        acted("rooftop, shaken", rooftop, camera(shake=0.008, near=1.1), start_s=3.2),
        acted("rooftop, panned and zoomed", rooftop, camera(pan=(0.02, 0), zoom=0.05), start_s=1.6),
        acted("rooftop, half as bright, grainy", rooftop, brightness(lambda _: 0.5), grain(8), start_s=2.8),
        acted("rooftop, 360 lines", rooftop, small, start_s=4.0),
        acted("one man", one),
        acted("one man, half as fast, mirrored", one, mirrored, speed=0.5),
        acted("three people", several),
        acted("lab, pillarboxed", lab),
        acted("lab, fades in and out", lab, brightness(lambda s: min(1, 0.05 + s, 1.8 - s))),
        cut_out("cut out, over a panning background", start_s=3.0, people=slow_pan, background=camera(pan=(0.06, 0))),
        cut_out("cut out, on grey, panned", start_s=3.0, people=slow_pan, background=None),
    )


def further_clips() -> tuple[MovingPicture, ...]:
    """More of both kinds, for whoever has a minute."""
    face, roof, man, three = (ASTRONAUT, 0.0), (ROOFTOP, 3.0), (ONE_MAN, 0.8), (THREE_PEOPLE, 0.8)
    close = camera(shake=0.01, near=1.6, about=(0.5, 0.6))
    walk, leap, early = (ROOFTOP, 4.5), (ROOFTOP, 5.5), (ONE_MAN, 0.3)
    rooftop, one, several, lab = (ROOFTOP, 0.0), (ONE_MAN, 0.0), (THREE_PEOPLE, 0.0), (TWO_SCENES, SECOND_SCENE_S)
    return (
        still("zoomed in fast", man, camera(zoom=0.15)),
        still("shaken", man, camera(shake=0.012)),
        still("a face, shaken", face, camera(shake=0.01)),
        still("a face, turned fast", face, camera(turn=10)),
        still("a face, grainy", face, grain(18)),
        still("panned fast", walk, camera(pan=(0.12, 0)), samples=5),
        still("turned fast", man, camera(turn=12)),
        still("tilted", three, tilted),
        still("tilted, small people", roof, tilted),
        still("squeezed, panned", roof, camera(pan=(0.03, 0)), squeezed),
        still("squeezed, zoomed", early, camera(zoom=0.05), squeezed),
        still("dark and grainy", walk, brightness(lambda _: 0.35), grain(8)),
        still("mirrored, zoomed", leap, mirrored, camera(zoom=0.08)),
        still("360 lines, panned", walk, small, camera(pan=(0.04, 0))),
        still("small people, growing over its blurred self", walk, inset),
        still("flickering", three, brightness(lambda s: 0.75 + 0.25 * np.cos(s * 9))),
        still("a leap, zoomed", leap, camera(zoom=0.06, about=(0.35, 0.5), near=1.5)),
        still("early, shaken hard", early, camera(shake=0.025)),
        still("on white, still", face, plain_backdrop),
        still("fades, small people", walk, brightness(lambda s: min(1, 0.05 + s, 1.8 - s))),
        cross_fade("cross-fade, roof to roof", roof, leap),
        cross_fade("slow cross-fade of two", man, three, fade_s=2.4),
        two_crops("jump between two crops, roof", walk, every=3),
        *(two_crops(f"jumps all the time, {at_s} s", (ROOFTOP, at_s), every=1) for at_s in (3.0, 4.5)),
        two_crops("jumps all the time, one man", man, every=1),
        cut_out("cut out, on grey, zoomed", start_s=4.5, people=camera(zoom=0.08), background=None, held=True),
        cut_out("cut out, on grey, shaken", start_s=3.4, people=close, background=None, held=True),
        still("a face that fills the picture, shaken", face, camera(shake=0.01, near=2.2, about=(0.42, 0.4))),
        *(still(f"roof at {at_s} s, zoomed", (ROOFTOP, at_s), camera(zoom=0.05)) for at_s in (0.5, 1.5, 2.2, 6.2, 6.8)),
        *(still(f"lab at {at_s} s, panned", (TWO_SCENES, at_s), camera(pan=(0.03, 0))) for at_s in (7.2, 8.2, 9.2)),
        *(acted(f"rooftop from {start_s} s", rooftop, start_s=start_s) for start_s in (0.8, 1.6, 2.4, 3.2, 4.0)),
        *(acted(f"lab from {start_s} s, turned", lab, camera(turn=4), start_s=start_s) for start_s in (0.0, 0.6)),
        acted("rooftop, half as fast, beginning", rooftop, start_s=0.2, speed=0.5),
        acted("rooftop, half as fast, mirrored", rooftop, mirrored, start_s=2.6, speed=0.5),
        acted("rooftop, faster", rooftop, start_s=2.0, speed=1.5),
        acted("rooftop, close", rooftop, camera(near=1.8, about=(0.45, 0.6)), start_s=3.2),
        acted("rooftop, squeezed", rooftop, squeezed, start_s=3.6),
        acted("rooftop, shaken hard", rooftop, camera(shake=0.02), start_s=3.6),
        acted("rooftop, fades in and out", rooftop, brightness(lambda s: min(1, 0.05 + s, 1.8 - s)), start_s=3.0),
        acted("one man, dark and grainy", one, brightness(lambda _: 0.4), grain(8)),
        acted("one man, panned", one, camera(pan=(0.05, 0))),
        acted("three people, mirrored", several, mirrored),
        acted("three people, half as fast", several, speed=0.5),
        acted("three people, half as fast, shaken", several, camera(shake=0.01), speed=0.5),
        acted("lab, mirrored, zoomed", lab, mirrored, camera(zoom=0.05)),
        acted("lab, half as fast", lab, speed=0.5),
        acted("rooftop, end", rooftop, start_s=4.6),
        acted("one man, shaken", one, camera(shake=0.012)),
        acted("three people, zoomed", several, camera(zoom=0.08)),
        cut_out("cut out, carried along", start_s=2.0, people=camera(pan=(0.05, 0)), background=camera()),
        cut_out("cut out, on grey", start_s=3.4, people=camera(near=1), background=None),
        cut_out("cut out, on grey, close, shaken", start_s=3.4, people=close, background=None),
    )
