"""What a value in a history may be, so that whoever reads one further finds nothing else. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

LARGEST = 2**31 - 1
"""Of the whole numbers that the database's columns hold."""

CLIP_ID_PATTERN = r"[a-z0-9][a-z0-9._-]{0,99}"
"""As clips have it; a name of another form could lead a layout to another path."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PSEUDONYM = re.compile(r"p-[0-9a-f]{10}")
_TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@dataclass(frozen=True)
class Shape:
    """name: as the documentation of the file calls it."""

    name: str
    fits: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    """A NUL is no text that a database could keep."""
    return isinstance(value, str) and "\x00" not in value


def _is_uid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _is_json(value: Any) -> bool:
    """Anything without a NUL."""
    if isinstance(value, dict):
        return all(_is_text(key) and _is_json(one) for key, one in value.items())
    if isinstance(value, list):
        return all(_is_json(one) for one in value)
    return not isinstance(value, str) or "\x00" not in value


def _is_matched(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def text(most: int = LARGEST) -> Shape:
    """Of at most so many characters."""
    return Shape("text", lambda value: _is_text(value) and len(value) <= most)


def or_null(shape: Shape) -> Shape:
    return Shape(f"{shape.name} or null", lambda value: value is None or shape.fits(value))


def or_empty(shape: Shape) -> Shape:
    return Shape(f"{shape.name} or empty", lambda value: value == "" or shape.fits(value))


def one_of(*values: str) -> Shape:
    named = ", ".join(f"`{value}`" for value in values)
    return Shape(named, lambda value: isinstance(value, str) and value in values)


def list_of(what: str) -> Shape:
    return Shape(
        f"list of {what}", lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value)
    )


TEXT = text()
UID = Shape("uid", _is_uid)
TIME = Shape("time", _is_time)
DIGEST = Shape("digest", _is_matched(_DIGEST))
CLIP_ID = Shape("clip id", _is_matched(re.compile(CLIP_ID_PATTERN)))
PSEUDONYM = Shape("pseudonym", _is_matched(_PSEUDONYM))
NUMBER = Shape("integer", _is_number)
PLACE = Shape("integer", lambda value: _is_number(value) and value > 0)
SMALL = Shape("integer", lambda value: _is_number(value) and value < 2**15)
FLAG = Shape("true or false", lambda value: isinstance(value, bool))
ERASED = Shape("true", lambda value: value is True)
OBJECT = Shape("object", lambda value: isinstance(value, dict) and _is_json(value))
LIST = Shape("list", lambda value: isinstance(value, list) and _is_json(value))

Shapes = Mapping[str, Shape]


def problem_of(record: dict[str, Any], shapes: Shapes) -> str | None:
    """The first thing that is wrong with the record's keys and values, in words, or None."""
    if missing := [key for key in shapes if key not in record]:
        return f"it has no “{missing[0]}”"
    if further := [key for key in record if key not in shapes]:
        return f"it has a key “{further[0][:40]}” that nobody knows"
    for key, shape in shapes.items():
        if not shape.fits(record[key]):
            return f"its “{key}” must be {shape.name.replace('`', '')}"
    return None
