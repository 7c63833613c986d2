"""JSON as strictly as it can be read: what Postgres cannot store, or what is ambiguous, is refused with a sentence."""

import json
from typing import Any

MOST_DEPTH = 50
_LARGEST_INTEGER = 2**53


class NotJSON(ValueError):
    """Why a body or a line cannot be read, in one sentence."""


def read_json(raw: bytes) -> Any:
    """The value. Raises NotJSON: not UTF-8, too deep, twice the same key, no exact number, NUL, half a surrogate."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJSON("It is not UTF-8.") from error
    _refuse_depth(text)
    try:
        value = json.loads(text, object_pairs_hook=_no_key_twice, parse_constant=_no_constant, parse_int=_exact_integer)
    except NotJSON:
        raise
    except ValueError as error:
        raise NotJSON(f"It is not JSON: {error}.") from error
    _refuse_text(value)
    return value


def _refuse_depth(text: str) -> None:
    """Before the parser recurses into it."""
    depth = 0
    inside = escaped = False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                raise NotJSON(f"It is nested more than {MOST_DEPTH} deep.")
        elif character in "]}":
            depth -= 1


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJSON(f"The key “{twice[:50]}” stands twice.")
    return value


def _no_constant(name: str) -> None:
    raise NotJSON(f"{name} is not a JSON number.")


def _exact_integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > _LARGEST_INTEGER:
        raise NotJSON("An integer is too large.")
    return int(digits)


def _refuse_text(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise NotJSON("A text holds a NUL character or half of a surrogate pair.")
    elif isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise NotJSON("A number is too large.")
    elif isinstance(value, list):
        for part in value:
            _refuse_text(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            _refuse_text(key)
            _refuse_text(part)
