"""Where scenes begin: cuts to the frame, and neither flashes, fades nor strobe lights taken for many of them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from annotation.accumulation.scenes import Bars, SceneCuts, bars_of

FPS = 25
Picture = Any


def blocks(seed: int, *, height: int = 72, width: int = 128) -> Picture:
    """A colourful picture unlike that of any other seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=0).repeat(8, axis=1)


A, B, C = (blocks(seed) for seed in (1, 2, 3))
WHITE, BLACK = np.full_like(A, 255), np.zeros_like(A)


def fed(pictures: Iterable[Picture], *, fps: float = FPS) -> SceneCuts:
    cuts = SceneCuts()
    for number, picture in enumerate(pictures):
        cuts.add(number, round(number * 1000 / fps), picture)
    cuts.close()
    return cuts


def cuts_in(pictures: Iterable[Picture], *, fps: float = FPS) -> list[int]:
    return fed(pictures, fps=fps).cuts()


def noisy(picture: Picture, seed: int) -> Picture:
    noise = np.random.default_rng(seed).normal(0, 6, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def faded(one: Picture, other: Picture, frames: int) -> list[Picture]:
    shares = np.linspace(0, 1, frames)
    return [noisy(one * (1 - share) + other * share, number) for number, share in enumerate(shares)]


@pytest.mark.parametrize("at", [1, 20, 49])
def test_a_cut_is_found_at_its_frame(at: int) -> None:
    assert cuts_in([A] * at + [B] * (50 - at)) == [at]


def test_a_still_picture_a_pan_and_a_grainy_one_have_no_cut() -> None:
    wide = blocks(4, width=512)
    assert cuts_in([A] * 50) == []
    assert cuts_in([wide[:, shift : shift + 128] for shift in range(50)]) == []
    assert cuts_in([noisy(A, seed) for seed in range(50)]) == []


@pytest.mark.parametrize("flash", [WHITE, BLACK, B])
@pytest.mark.parametrize("frames", [1, 3, 6])
def test_a_flash_is_no_cut(flash: Picture, frames: int) -> None:
    assert cuts_in([A] * 25 + [flash] * frames + [A] * 25) == []


def test_a_picture_that_stays_away_for_longer_than_a_flash_is_a_scene() -> None:
    # 300 ms are 7.5 frames: the eighth frame without A is too many.
    assert cuts_in([A] * 25 + [B] * 8 + [A] * 25) == [25, 33]


def test_many_flashes_make_no_scenes() -> None:
    assert cuts_in(([A] * 12 + [WHITE] * 2) * 20 + [A] * 12) == []


def test_a_flash_that_dies_down_is_no_cut() -> None:
    assert cuts_in([A] * 25 + [WHITE, *faded(WHITE, A, 5)] + [A] * 25) == []


def test_a_flash_right_at_a_cut_leaves_the_cut() -> None:
    assert cuts_in([A] * 25 + [WHITE] * 2 + [B] * 25) == [25, 27]


def test_a_strobe_light_makes_two_cuts_at_most() -> None:
    strobe = [blocks(100 + number // 3) for number in range(100)]
    # The light changes with frame 30 + 99 for the last time, then B is there.
    assert cuts_in([A] * 30 + strobe + [B] * 30) == [30, 130]


@pytest.mark.parametrize("frames", [6, 12, 25, 50])
def test_a_fade_through_black_makes_no_more_than_a_cut(frames: int) -> None:
    there_and_back = faded(A, BLACK, frames) + faded(BLACK, B, frames)
    assert len(cuts_in([A] * 25 + there_and_back + [B] * 25)) <= 2
    assert len(cuts_in([A] * 25 + faded(A, B, frames) + [B] * 25)) <= 2


def test_a_shot_of_a_few_frames_is_a_scene_of_its_own() -> None:
    assert cuts_in([A] * 25 + [B] * 5 + [C] * 25) == [25, 30]


def test_at_a_frame_a_second_each_new_picture_is_a_cut() -> None:
    assert cuts_in([A, B, C, A, A, B], fps=1) == [1, 2, 3, 5]


def test_what_is_in_doubt_is_not_settled() -> None:
    cuts = SceneCuts()
    settled = []
    for number, picture in enumerate([A] * 10 + [B] * 10):
        cuts.add(number, number * 40, picture)
        settled.append(cuts.settled)
    # The picture jumps with frame 10, and 320 ms later it is sure that this is a cut.
    assert settled == [*range(1, 11), *[10] * 8, 19, 20]


def test_a_long_burst_of_jumps_does_not_leave_all_of_it_in_doubt() -> None:
    """Samples are held while they are in doubt: a video that is a burst from end to end must not fill the memory."""
    cuts = SceneCuts()
    for number in range(100):
        cuts.add(number, number * 40, blocks(number // 4))
        assert number - cuts.settled <= 8  # 300 ms are 7.5 frames


def test_a_flash_is_told_when_it_is_over() -> None:
    cuts = SceneCuts()
    told = []
    for number, picture in enumerate([A] * 10 + [WHITE] * 2 + [A] * 3):
        assert cuts.add(number, number * 40, picture) == []
        told += [number] * cuts.was_flash
    assert told == [12]


# --- black bars -------------------------------------------------------------------------------------------------------


def framed(picture: Picture, bars: Sequence[int]) -> Picture:
    left, top, right, bottom = bars
    framed = picture.copy()
    framed[:top], framed[:, :left] = 0, 0
    framed[picture.shape[0] - bottom :], framed[:, picture.shape[1] - right :] = 0, 0
    return framed


@pytest.mark.parametrize("bars", [(0, 0, 0, 0), (0, 9, 0, 9), (20, 0, 21, 0), (3, 4, 5, 6)])
def test_letterbox_and_pillarbox_are_measured(bars: tuple[int, int, int, int]) -> None:
    assert bars_of(noisy(framed(WHITE, bars), 1)) == bars


def test_a_speck_in_a_bar_leaves_it_a_bar() -> None:
    speckled = framed(WHITE, (0, 9, 0, 9))
    speckled[4, 60] = speckled[66, 12] = 255  # one of 128 pixels in a line
    assert bars_of(speckled) == (0, 9, 0, 9)


def test_only_what_is_black_in_every_picture_is_a_bar() -> None:
    bars = Bars()
    for lines in ((20, 0, 20, 30), (20, 4, 25, 0), None):
        bars.add(lines)
    assert bars.result() == (20, 0, 20, 0)


def test_a_black_picture_tells_nothing_of_bars() -> None:
    assert bars_of(noisy(BLACK, 1)) is None
    assert Bars().result() == (0, 0, 0, 0)
