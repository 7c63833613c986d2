"""Perceptual hashes: pictures that look alike have hashes of which few bits differ, whatever their size or coding."""

from typing import Any

import cv2
import imagehash
from PIL import Image

_BEFORE_HASHING = 128  # px: most of the shrinking is done where it is quick


def phash(picture: Any) -> str:
    """The hash of a picture, uint8 (height, width, 3) in BGR: 16 hexadecimal digits."""
    small = cv2.resize(picture, (_BEFORE_HASHING, _BEFORE_HASHING), interpolation=cv2.INTER_AREA)
    return str(imagehash.phash(Image.fromarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))))
