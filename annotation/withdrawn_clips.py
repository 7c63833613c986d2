"""Triggers that keep words out of a withdrawn clip. Pages find it gone; who was just writing to it finds it here.

Most writers hold the row lock of the caption or question, which a withdrawal waits for. Those that hold none lock the
clip against it (`locks`): otherwise both would commit, and words would stay that nobody erases.
"""

import pgtrigger

from annotation.states import ClipStatus
from annotation.transactions import CLIP_WITHDRAWN

CLIP_OF_CAPTION = "(SELECT clip_id FROM annotation_caption WHERE id = NEW.caption_id)"

STATE_WRITTEN = pgtrigger.UpdateOf("state")  # type: ignore[no-untyped-call]
DETAIL_WRITTEN = pgtrigger.UpdateOf("detail")  # type: ignore[no-untyped-call]


def clip_stands(
    clip: str, *, operation: pgtrigger.Operation = pgtrigger.Insert, locks: bool = False
) -> pgtrigger.Trigger:
    """Refuses rows of a withdrawn clip. clip: SQL that gives the clip's id from NEW."""
    lock = "FOR KEY SHARE" if locks else ""
    return pgtrigger.Trigger(
        name="clip_stands",
        when=pgtrigger.Before,
        operation=operation,
        func=f"""
            PERFORM 1 FROM annotation_clip WHERE id = {clip} AND state <> '{ClipStatus.WITHDRAWN}' {lock};
            IF NOT FOUND THEN
                RAISE EXCEPTION '%: the clip is withdrawn', TG_TABLE_NAME USING ERRCODE = '{CLIP_WITHDRAWN}';
            END IF;
            RETURN NEW;
        """,
    )


def empty_when_erased(
    clip: str, empty: dict[str, str], *, operation: pgtrigger.Operation, condition: pgtrigger.Condition | None = None
) -> pgtrigger.Trigger:
    """A row that must come also after an erasure, as money hangs on it, comes without words.

    clip: SQL that gives the clip's id from NEW. empty: column -> what stands there instead, as SQL.
    """
    assignments = " ".join(f"NEW.{column} := {value};" for column, value in empty.items())
    return pgtrigger.Trigger(
        name="empty_when_erased",
        when=pgtrigger.Before,
        operation=operation,
        condition=condition,
        func=f"""
            PERFORM 1 FROM annotation_clip WHERE id = {clip} AND erased_at IS NULL FOR KEY SHARE;
            IF NOT FOUND THEN
                {assignments}
            END IF;
            RETURN NEW;
        """,
    )
