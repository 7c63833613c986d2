"""Small copies of decoded frames, as arrays. What is kept of a video is made of these; the frames themselves go by."""

import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from annotation.accumulation.frames import DecodedFrame
from annotation.accumulation.perception import Frame
from annotation.accumulation.tracks import Turn

JPEG_QUALITY = 80


class Shrinker:
    """Makes copies, uint8 (height, width, 3) in BGR, whose longer side has `long_side` pixels or what the frame has.

    as_shown: turned as the file asks, which scene detection can do without. Pixels are square either way.
    """

    def __init__(self, long_side: int, *, as_shown: bool) -> None:
        self.long_side = long_side
        self.as_shown = as_shown
        # Kept, since setting one up for each frame costs more than it does.
        self._reformatter = VideoReformatter()
        self._turn: Turn | None = None

    def copy_of(self, seen: DecodedFrame) -> Frame:
        width, height = fitted(seen.size, self.long_side)
        small = self._reformatter.reformat(
            seen.frame, width=width, height=height, format="bgr24", interpolation=Interpolation.AREA, threads=1
        )
        if self.as_shown:
            if self._turn is None:
                self._turn = Turn(seen.orientation)
            small = self._turn.applied_to(small)
        return np.ascontiguousarray(small.to_ndarray(), dtype=np.uint8)


def fitted(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Width and height of a picture that was made no larger than `long_side`, never 0."""
    scale = min(1.0, long_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def as_jpeg(picture: Frame, long_side: int) -> bytes:
    height, width = picture.shape[:2]
    size = fitted((width, height), long_side)
    small = picture if size == (width, height) else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()
