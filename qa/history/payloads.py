"""What the words of a revision consist of, as far as whoever shows them relies on it. Pure."""

from typing import Any

from annotation.caption_content import OPTIONAL
from qa.content import OPTIONS


def problem_of_payload(payload: dict[str, Any], *, is_caption: bool) -> str | None:
    """In words, or None. Limits of length are not asked for: they may have been others then."""
    is_whole = _is_caption(payload) if is_caption else _is_question(payload)
    return None if is_whole else f"its payload is no {'caption' if is_caption else 'question'}"


def _is_caption(payload: dict[str, Any]) -> bool:
    if not {"text", "people"} <= set(payload) <= {"text", "people", *OPTIONAL}:
        return False
    if not isinstance(payload["text"], str) or not _are_texts(payload["people"], "key", "description"):
        return False
    # An empty note is left out of what a digest covers.
    return all(isinstance(payload[name], list) and payload[name] for name in OPTIONAL if name in payload)


def _is_question(payload: dict[str, Any]) -> bool:
    if not {"question", "options", "key", "evidence"} <= set(payload):
        return False
    options = payload["options"]
    if not isinstance(payload["question"], str) or not _are_texts(options, "id", "text") or len(options) != OPTIONS:
        return False
    ids = [option["id"] for option in options]
    return (payload["key"] is None or payload["key"] in ids) and _are_texts(payload["evidence"], "text")


def _are_texts(value: Any, *names: str) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(name), str) for name in names) for one in value
    )
