"""What blind answers come to. Pure functions."""

from collections.abc import Iterable

MOST_MISSES = 1
"""One person may have missed it; where two did, the question is in dispute, whatever they think of the key."""


def misses_of(choices: Iterable[str], *, key: str | None) -> int:
    """How many of the choices are not the key: other options, "cannot tell" and "more than one fits" alike."""
    return sum(choice != key for choice in choices)


def people_needed(*, wanted: int, misses: int) -> int:
    """How many people must answer and judge a question. wanted: as the project asks; a first miss asks a second."""
    return max(wanted, 2) if misses else wanted
