"""Models for tests: they find the white square of the test videos, and one for each way to misbehave."""

import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from annotation.accumulation.perception import Frame, Person

LIMBS = np.linspace(0.1, 0.9, 17, dtype=np.float32)


class FindsSquares:
    """One person where the picture is bright; nobody where it is not, or where it is bright all over."""

    name = "squares"

    def detect(self, frame: Frame) -> Sequence[Person]:
        rows, columns = np.nonzero(frame[:, :, 1] > 200)
        if not 0 < len(rows) < frame.shape[0] * frame.shape[1] / 2:
            return []
        box = float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
        return [Person(box, 0.9)]


class PosesSquares:
    """Seventeen joints down the middle of each."""

    name = "poses of squares"

    def estimate(self, frame: Frame, people: Sequence[Person] = ()) -> Sequence[Person]:
        return [Person(person.box, 0.9, joints_of(person)) for person in people]


def joints_of(person: Person) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    left, top, right, bottom = person.box
    middle = np.full(17, (left + right) / 2, np.float32)
    return np.stack([middle, top + LIMBS * (bottom - top), np.full(17, 0.5, np.float32)], axis=1)


class CrashesWhenAlone(FindsSquares):
    def detect(self, frame: Frame) -> Sequence[Person]:
        return super().detect(frame) or os.abort()


class TakesMemory(FindsSquares):
    def detect(self, frame: Frame) -> Sequence[Person]:
        np.ones(4 * 1024**3, np.uint8)
        raise AssertionError("there was room for it")


class Computes(FindsSquares):
    def detect(self, frame: Frame) -> Sequence[Person]:
        while True:
            pass


class Sleeps(FindsSquares):
    def detect(self, frame: Frame) -> Sequence[Person]:
        time.sleep(600)
        return []


class Fails(FindsSquares):
    def detect(self, frame: Frame) -> Sequence[Person]:
        raise LookupError("no such layer")


class CannotBeMade(FindsSquares):
    def __init__(self) -> None:
        raise FileNotFoundError("weights.onnx")


class Tells(FindsSquares):
    """Ends with an error that tells what the process may do."""

    def detect(self, frame: Frame) -> Sequence[Person]:
        try:
            socket.create_connection(("127.0.0.1", 9), 1).close()
        except OSError as error:
            reached = f"{type(error).__name__} {error}"
        else:
            reached = "connected"
        status = Path("/proc/self/status").read_text()
        rights = next(line for line in status.splitlines() if line.startswith("NoNewPrivs"))
        raise LookupError(f"{reached}; {rights.split()}; {sorted(os.environ)}; django: {'django' in sys.modules}")
