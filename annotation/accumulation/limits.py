"""What is taken in at most, and the refusal of what is not taken in."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from annotation.errors import DomainError

MAX_SIDE = 16_384  # of H.264


class Refused(DomainError):
    """A file that is not taken in. `code` is for programs, the text is one sentence for the person who sent it."""

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message, **detail)
        self.code = code


@dataclass(frozen=True)
class Limits:
    """What is taken in at most. `max_pixels` is width times height of one picture as it is shown."""

    max_bytes: int = 2 * 1024**3
    max_pixels: int = 4096 * 2304
    max_frames: int = 216_000
    max_duration_ms: int = 60 * 60 * 1000
    max_streams: int = 16


DEFAULT_LIMITS = Limits()
# Of raw videos, out of which clips are made: long recordings, whose pictures are no larger than a clip's may be.
RAW_LIMITS = Limits(
    max_bytes=20 * 1024**3,
    max_frames=1_600_000,
    max_duration_ms=(3 * 60 + 30) * 60 * 1000,
)


def check_pixels(width: int, height: int, limits: Limits) -> None:
    if max(width, height) > MAX_SIDE:
        text = f"The pictures have {width} x {height} pixels; at most {MAX_SIDE:,} are accepted on a side."
        raise Refused("too_many_pixels", text)
    if width * height > limits.max_pixels:
        text = f"The pictures have {width} x {height} pixels; at most {limits.max_pixels:,} in all are accepted."
        raise Refused("too_many_pixels", text)


def check_duration(seconds: Fraction, limits: Limits) -> None:
    if seconds * 1000 > limits.max_duration_ms:
        text = f"The video is {float(seconds):.1f} s long; at most {limits.max_duration_ms / 1000:.1f} s are accepted."
        raise Refused("too_long", text)


def too_many_frames(count: int, limits: Limits) -> Refused:
    return Refused(
        "too_many_frames", f"The video has {count:,} frames or more; at most {limits.max_frames:,} are accepted."
    )
