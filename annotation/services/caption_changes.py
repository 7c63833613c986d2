"""Comparing the words in the editor with what stood before. Writes no word; that the caption was seen is remembered."""

from dataclasses import dataclass
from typing import Any

from annotation.access import require
from annotation.caption_changes import ChangedSentence, changes_by_sentence
from annotation.caption_content import CAPTION_CHARACTERS
from annotation.errors import BadInput
from annotation.models import Caption, CaptionSubmission, User
from annotation.services.captions import note_opening
from annotation.text import checked_text
from annotation.word_diff import Piece, percent_changed, word_diff, words_changed

DRAFT, SUBMITTED = "draft", "submitted"


@dataclass(frozen=True)
class Changes:
    """against: as it was asked for. percent: of the words before; None where there were none."""

    against: str
    rows: list[ChangedSentence]
    pieces: list[Piece]
    removed: int
    added: int
    percent: int | None

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "against": self.against,
            "rows": [row.as_json for row in self.rows],
            "pieces": [{"op": piece.op, "text": piece.text} for piece in self.pieces],
            "removed": self.removed,
            "added": self.added,
            "percent": self.percent,
        }


def compare(*, caption: Caption, user: User, text: object, against: object) -> Changes:
    """What the text changes in the draft, in a revision, or in what the person last handed in.

    against: `draft`, `submitted`, or a revision's number as text. Raises RightMissing, BadInput.
    """
    require(user, "edit", project=caption.clip.project)
    checked = checked_text(text, field="text", most=CAPTION_CHARACTERS)
    earlier = text_of(caption, user, against)
    note_opening(caption=caption, user=user)
    return changes_between(earlier, checked, against=str(against))


def changes_between(before: str, after: str, *, against: str = DRAFT) -> Changes:
    pieces = word_diff(before, after)
    removed, added = words_changed(pieces)
    return Changes(against, changes_by_sentence(before, after), pieces, removed, added, percent_changed(pieces))


def text_of(caption: Caption, user: User, against: object) -> str:
    """Where there is no draft, all is new against it. 1 query, none for the draft. Raises BadInput."""
    if against == DRAFT:
        return draft_text(caption)
    if against == SUBMITTED:
        submitted = last_submission(caption, user)
        if submitted is None:
            raise BadInput({"against": "you have not handed in this caption yet"})
        return submitted.revision.text
    if not isinstance(against, str) or not (against.isascii() and against.isdecimal() and len(against) < 10):
        raise BadInput({"against": "must be draft, submitted or the number of a revision"})
    said = caption.revisions.filter(number=int(against)).values_list("text", flat=True).first()
    if said is None:
        raise BadInput({"against": f"this caption has no revision {against}"})
    return said


def draft_text(caption: Caption) -> str:
    text: str = caption.draft.payload.get("caption", "") if caption.draft else ""
    return text


def last_submission(caption: Caption, user: User) -> CaptionSubmission | None:
    submissions = CaptionSubmission.objects.filter(caption=caption, submitter=user)
    return submissions.select_related("revision").order_by("-pk").first()
