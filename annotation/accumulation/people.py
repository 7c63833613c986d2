"""Human existence: how many people there are in the sampled frames of a scene, and how large the largest is."""

from collections.abc import Sequence

from annotation.accumulation.perception import Person


class Existence:
    """Measures a scene sample by sample; what is enough is decided elsewhere, from the measurement alone."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._areas: list[float] = []

    def add(self, people: Sequence[Person], frame_shape: tuple[int, ...]) -> None:
        """One sampled frame. frame_shape: (height, width, …) of the frame in which the people were found."""
        height, width = frame_shape[:2]
        self._counts.append(len(people))
        self._areas.append(max((_area(person) / (height * width) for person in people), default=0.0))

    def result(self) -> tuple[tuple[int, ...], float]:
        """People in each sampled frame, and the largest one's box as a share of the picture (0..1), averaged over the
        samples. A frame without people counts 0; without a sample the share is 0."""
        return tuple(self._counts), sum(self._areas) / max(1, len(self._areas))


def _area(person: Person) -> float:
    left, top, right, bottom = person.box
    return max(0.0, right - left) * max(0.0, bottom - top)
