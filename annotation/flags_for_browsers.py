"""What the checks say of a text, as browsers read it: places count UTF-16 units, as JavaScript does."""

from bisect import bisect_left
from typing import Any

from annotation.caption_checks import VERSION, Caption, Fix, Flag
from annotation.english.people_mentions import described_people


def for_browsers(caption: Caption, found: list[Flag]) -> dict[str, Any]:
    """`{"version", "flags": [{rule, from, to, sentence, message, advice, fix}], "people": [{description, mentions}]}`.

    fix: `{from, to, insert, label}` or None.
    """
    units = _Units(caption.text)
    flags = [
        {
            "rule": flag.rule,
            "from": units.at(flag.start),
            "to": units.at(flag.end),
            "sentence": flag.sentence,
            "message": flag.message,
            "advice": flag.advice,
            "fix": _fix(flag.fix, units),
        }
        for flag in found
    ]
    people = [
        {
            "description": person.description,
            "mentions": [[units.at(start), units.at(end)] for start, end in person.mentions],
        }
        for person in described_people(caption.parts, caption.people)
    ]
    return {"version": VERSION, "flags": flags, "people": people}


def _fix(fix: Fix | None, units: "_Units") -> dict[str, Any] | None:
    if fix is None:
        return None
    return {"from": units.at(fix.start), "to": units.at(fix.end), "insert": fix.insert, "label": fix.label}


class _Units:
    """Code points into UTF-16 units: a letter beyond the basic plane counts twice."""

    def __init__(self, text: str) -> None:
        self.beyond = [place for place, character in enumerate(text) if character > "\uffff"]

    def at(self, place: int) -> int:
        return place + bisect_left(self.beyond, place)
