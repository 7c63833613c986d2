"""What is written down of a question that is handed in: its flags, why it goes in all the same, and who did it."""

from collections.abc import Mapping
from typing import Any

from annotation.caption_content import checked_watched, watched_percent
from annotation.errors import BadInput
from annotation.models import Clip, User
from annotation.ready_sql import insert_row
from annotation.text import checked_text
from annotation.workflow import database_now, pseudonym_of
from qa.checks import VERSION
from qa.models import QAItem, QASubmission
from qa.services.flags import Around, flags_of

Reasons = Mapping[str, Mapping[str, str]]
"""Question id -> rule -> why the question is handed in although the rule fires."""
REASON_CHARACTERS = 500


def checked_reasons(value: object) -> Reasons:
    """Raises BadInput."""
    if not isinstance(value, Mapping):
        raise BadInput({"reasons": "must map question ids to the reasons for their flags"})
    reasons: dict[str, dict[str, str]] = {}
    for question_id, given in value.items():
        if not isinstance(given, Mapping):
            raise BadInput({"reasons": f"of {str(question_id)[:140]} must map rules to reasons"})
        reasons[question_id] = {
            rule: checked_text(reason, field="reasons", most=REASON_CHARACTERS).strip()
            for rule, reason in given.items()
        }
    return reasons


def overridden_flags(item: QAItem, reasons: Reasons, around: Around) -> list[dict[str, Any]]:
    """`[{"rule", "blocks", "reason", "override"}]` of the newest revision. override: "" where none was given."""
    if item.head is None:
        return []
    given = reasons.get(item.question_id, {})
    return [
        {"rule": flag.rule, "blocks": flag.blocks, "reason": flag.reason, "override": given.get(flag.rule, "")}
        for flag in flags_of(item, item.head.content, around)
    ]


def still_blocked(rows: list[dict[str, Any]]) -> str:
    """What stands in the way, in words for a person: flags that block and have no reason; "" where none does."""
    said = [row["reason"] for row in rows if row["blocks"] and not row["override"]]
    return f"a check blocks it: {' '.join(said)} Change the words, or say why they stay" if said else ""


def watched_enough(clip: Clip, watched: object) -> int:
    """How much of the clip has been played, in percent. Raises BadInput below the project's floor.

    watched: spans `[[start_ms, end_ms], …]`.
    """
    percent = watched_percent(checked_watched(watched), duration_ms=clip.duration_ms)
    floor = clip.project.watch_floor_percent
    if percent < floor:
        raise BadInput({"watched": f"{percent} % of the clip has been played; {floor} % is asked for here"})
    return percent


def record_submission(
    item: QAItem, *, submitter: User, rows: list[dict[str, Any]], watched: int, active_ms: int
) -> None:
    """Of the question's newest revision. The caller holds the item's lock."""
    submission = QASubmission(
        item=item,
        revision=item.head,
        submitter=submitter,
        flags=rows,
        checks_version=VERSION,
        watched_percent=watched,
        active_ms=active_ms,
        created_at=database_now(),
    )
    submission.digest = submission.computed_digest(
        object_id=item.object_id,
        pseudonym=pseudonym_of(submitter, project=item.clip.project),
        revision=item.head_digest,
    )
    insert_row(submission)
