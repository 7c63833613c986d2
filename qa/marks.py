"""Moments of the clip that somebody marked for a question, and what does not fit them. Pure functions.

Count: each repetition is marked, and the key should say as many. Action Sequence: the first and the second action are
marked, and nothing that is marked as an event should lie between them, or the question does not ask for what comes
immediately after. The other categories have no marks.
"""

from typing import Any

from annotation.english.number_words import definite_number
from annotation.english.plain_text import plain
from qa.categories import Category
from qa.content import marks_of

REPETITION = "repetition"
FIRST, SECOND, BETWEEN = "first action", "second action", "event between"

KINDS: dict[str, tuple[str, ...]] = {
    Category.COUNT: (REPETITION,),
    Category.ACTION_SEQUENCE: (FIRST, SECOND, BETWEEN),
}
"""A category -> what its marks may be called, in the order in which they are wanted."""


def mark_warnings(category: str, content: dict[str, Any]) -> list[str]:
    """What a person should look at, in words; nothing while nothing is marked. Warnings stand in nobody's way."""
    if not marks_of(content):
        return []
    if category == Category.COUNT:
        return _count_warnings(content)
    return _sequence_warnings(content) if category == Category.ACTION_SEQUENCE else []


def _count_warnings(content: dict[str, Any]) -> list[str]:
    marked = len(_times(content, REPETITION))
    key = next((option["text"] for option in content["options"] if option["id"] == content["key"]), None)
    said = None if key is None else definite_number(plain(key).casefold())
    return [] if said is None or said == marked else [f"{marked} marked · the key says {said}"]


def _sequence_warnings(content: dict[str, Any]) -> list[str]:
    first, second = _times(content, FIRST), _times(content, SECOND)
    if not first or not second:
        return [f"the {FIRST if not first else SECOND} is not marked"]
    if len(first) > 1 or len(second) > 1:
        return [f"the {FIRST if len(first) > 1 else SECOND} is marked more than once"]
    if second[0] <= first[0]:
        return ["the second action is marked before the first"]
    between = sum(first[0] < at < second[0] for at in _times(content, BETWEEN))
    if not between:
        return []
    events = "an event is" if between == 1 else f"{between} events are"
    return [f"{events} marked between the two actions: they do not follow each other immediately"]


def _times(content: dict[str, Any], what: str) -> list[int]:
    return [mark["at_ms"] for mark in marks_of(content) if mark["what"] == what]
