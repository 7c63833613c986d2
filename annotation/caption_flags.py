"""What becomes of a caption's flags: some are called fine, the others are handed in with a reason. Pure functions."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from annotation.caption_checks import Flag, check_caption
from annotation.caption_content import NOTES, SENTENCE_CHARACTERS, CaptionContent
from annotation.errors import BadInput
from annotation.text import checked_text

FINE = "fine"
"""The reason of a flag that was dismissed while writing."""


class FlagReason(models.TextChoices):
    """Why a caption is handed in with a flag."""

    WRONG_FLAG = "wrong_flag", "The check is wrong here"
    AS_SEEN = "as_seen", "The video really shows it so"
    CANNOT_TELL = "cannot_tell", "It cannot be told from the video"
    STYLE = "style", "Kept on purpose"
    OTHER = "other", "Other"


def said_of(row: dict[str, str]) -> str:
    """The reason of a stored flag in words."""
    if row["reason"] == FINE:
        return "Called fine while writing"
    return FlagReason(row["reason"]).label if row["reason"] else "No reason given"


def checked_reasons(value: object) -> list[dict[str, str]]:
    """`[{"rule", "sentence", "reason"}]`, a reason of FlagReason or "". Raises BadInput."""
    if not isinstance(value, list) or len(value) > NOTES:
        raise BadInput({"reasons": f"must be a list of at most {NOTES}"})
    rows = []
    for place, row in enumerate(value, start=1):
        if not isinstance(row, dict) or set(row) != {"rule", "sentence", "reason"}:
            raise BadInput({"reasons": f"number {place} must have exactly rule, sentence and reason"})
        if row["reason"] not in ("", *FlagReason.values):
            raise BadInput({"reasons": f"number {place} has a reason that is unknown"})
        rule = checked_text(row["rule"], field="reasons", most=60, blank=False)
        sentence = checked_text(row["sentence"], field="reasons", most=SENTENCE_CHARACTERS)
        rows.append({"rule": rule, "sentence": sentence, "reason": str(row["reason"])})
    return rows


def open_flags(flags: Iterable[Flag], dismissed: Sequence[dict[str, Any]]) -> list[Flag]:
    """The flags that nobody called fine. One that was holds for as long as its sentence stands so."""
    fine = {(row["rule"], row["sentence"]) for row in dismissed}
    return [flag for flag in flags if key_of(flag) not in fine]


def submitted_flags(
    content: CaptionContent, *, duration_ms: int, reasons: Sequence[dict[str, str]]
) -> list[dict[str, str]]:
    """What a caption is handed in with: `[{"rule", "sentence", "reason"}]`, one for each rule and sentence.

    reasons: as `checked_reasons` gives them; those of flags that do not stand are left out. reason: FINE of a dismissed
    flag, "" where none was given.
    """
    given = {(row["rule"], row["sentence"]): row["reason"] for row in reasons}
    fine = {(row["rule"], row["sentence"]) for row in content.dismissed}
    keys = dict.fromkeys(key_of(flag) for flag in check_caption(content.text, duration_ms=duration_ms))
    return [
        {"rule": key[0], "sentence": key[1], "reason": given.get(key) or (FINE if key in fine else "")} for key in keys
    ]


def key_of(flag: Flag) -> tuple[str, str]:
    """Rule and sentence, by which a flag is known again after edits elsewhere; long sentences are cut."""
    return flag.rule, flag.sentence[:SENTENCE_CHARACTERS]
