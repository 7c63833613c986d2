"""Fingerprints of pictures: near for copies, far for others."""

import cv2
import numpy as np
import pytest

from annotation.accumulation.fingerprints import phash
from annotation.accumulation.perception import Frame
from annotation.services.near_duplicates import bits_between


def smooth(seed: int) -> Frame:
    """A picture of soft shapes, as photographs are."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (640, 360), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize(
    ("one", "other", "bits"),
    # 1 = 0001 and 3 = 0011; f = 1111 and 0 = 0000; 8 = 1000 and 1 = 0001
    [("0" * 16, "0" * 16, 0), ("0" * 15 + "1", "0" * 15 + "3", 1), ("f" * 16, "0" * 16, 64), ("8" * 16, "1" * 16, 32)],
)
def test_the_distance_is_the_number_of_bits_that_differ(one: str, other: str, bits: int) -> None:
    assert bits_between(one, other) == bits_between(other, one) == bits


def test_a_hash_is_sixteen_hexadecimal_digits() -> None:
    assert len(phash(smooth(1))) == 16
    assert int(phash(smooth(1)), 16) > 0


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_that_is_smaller_and_coded_anew_is_near(seed: int) -> None:
    picture = smooth(seed)
    _, coded = cv2.imencode(".jpg", cv2.resize(picture, (320, 180)), [cv2.IMWRITE_JPEG_QUALITY, 40])
    copy = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert bits_between(phash(picture), phash(copy)) <= 6


def test_other_pictures_are_far() -> None:
    hashes = [phash(smooth(seed)) for seed in range(10)]
    assert min(bits_between(a, b) for number, a in enumerate(hashes) for b in hashes[:number]) >= 14
