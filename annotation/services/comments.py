"""Notes that people leave beside a caption or a question for each other, and what others answer.

A note is never changed. A thread is one note and its answers; it is marked as done, and opened again, as a whole.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from annotation.access import require
from annotation.errors import BadInput, RightMissing
from annotation.models import Caption, CaptionComment, Clip, Notification, User
from annotation.models.work import CommentBase
from annotation.services.notifications import tell
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now

LONGEST = 2000
LONGEST_SENTENCE = 5000
MOST_SHOWN = 500
LONGEST_TOLD = 300

_seals: list[Callable[[Clip, User], bool]] = []


def register_seal_of_notes(is_sealed: Callable[[Clip, User], bool]) -> None:
    """Called once, by the app that knows why somebody must not read what was said of a clip yet."""
    _seals.append(is_sealed)


def are_sealed(clip: Clip, user: User) -> bool:
    """Whether the notes on the clip's caption and questions are kept from this person. The queries of the seals."""
    return any(is_sealed(clip, user) for is_sealed in _seals)


@dataclass(frozen=True)
class Beside:
    """What notes stand beside. comments: a queryset of all of them; written_with: the field that names it in a new one.

    question_id: "" for a caption.
    """

    clip: Clip
    comments: Any
    written_with: dict[str, Any]
    question_id: str = ""


@dataclass
class Thread:
    """note: the first; replies: oldest first."""

    note: CommentBase
    replies: list[CommentBase] = field(default_factory=list)


def beside_caption(caption: Caption) -> Beside:
    return Beside(caption.clip, CaptionComment.objects.filter(caption=caption), {"caption": caption})


@in_transaction
def add_note(
    *, beside: Beside, author: User, text: object, at_ms: int | None = None, sentence: object = ""
) -> CommentBase:
    """In every state of what it stands beside. at_ms: the moment of the clip, sentence: the words it speaks of.

    Raises RightMissing, also for who has to answer the clip's questions blind; BadInput.
    """
    _require_sight(beside.clip, author)
    checked = checked_text(text, field="text", most=LONGEST, blank=False)
    said = checked_text(sentence, field="sentence", most=LONGEST_SENTENCE)
    if at_ms is not None and not 0 <= at_ms < beside.clip.duration_ms + 100:
        raise BadInput({"at": "is no moment of this clip"})
    return _write(beside, author=author, text=checked, at_ms=at_ms, sentence=said)


@in_transaction
def answer_note(*, beside: Beside, author: User, note_id: int, text: object) -> CommentBase:
    """Whoever spoke in the thread before is told. Raises as `add_note`; BadInput for what is no first note here."""
    _require_sight(beside.clip, author)
    checked = checked_text(text, field="text", most=LONGEST, blank=False)
    first = _first_note(beside, note_id)
    spoke = User.objects.filter(
        pk__in=[first.author_id, *beside.comments.filter(parent=first).values_list("author", flat=True)]
    )
    made = _write(beside, author=author, text=checked, parent=first)
    tell(
        recipients=spoke,
        kind=Notification.Kind.REPLY,
        clip=beside.clip,
        actor=author,
        question_id=beside.question_id,
        text=checked[:LONGEST_TOLD],
    )
    return made


@in_transaction
def mark_note(*, beside: Beside, user: User, note_id: int, is_done: bool) -> CommentBase:
    """Everybody who may write notes may say that a thread is dealt with, or is not yet. Twice is as once.

    Raises as `answer_note`.
    """
    _require_sight(beside.clip, user)
    note = _first_note(beside, note_id)
    if is_done != (note.done_at is not None):
        note.done_at, note.done_by = (database_now(), user) if is_done else (None, None)
        note.save(update_fields=["done_at", "done_by"])
    return note


def threads_beside(beside: Beside, user: User) -> list[Thread] | None:
    """None for who has to answer the clip's questions blind. 1 query, and those of `are_sealed`."""
    if are_sealed(beside.clip, user):
        return None
    return threads_of(beside.comments.visible_to(user))


def threads_of(comments: QuerySet[Any]) -> list[Thread]:
    """The open threads first, each group with the newest first; the newest MOST_SHOWN notes at most. 1 query."""
    return as_threads(comments.select_related("author", "done_by").order_by("-pk")[:MOST_SHOWN])


def as_threads(newest_first: Iterable[Any]) -> list[Thread]:
    """The notes beside one caption or question, put together as `threads_of` says."""
    notes = list(newest_first)
    replies: dict[int, list[CommentBase]] = defaultdict(list)
    for one in reversed(notes):
        if one.parent_id is not None:
            replies[one.parent_id].append(one)
    threads = [Thread(one, replies[one.pk]) for one in notes if one.parent_id is None]
    return sorted(threads, key=lambda thread: thread.note.done_at is not None)


def _require_sight(clip: Clip, user: User) -> None:
    require(user, "edit", project=clip.project)
    if are_sealed(clip, user):
        raise RightMissing("Notes of this clip are open to you when you have answered its questions blind.")


def _write(beside: Beside, **fields: Any) -> CommentBase:
    made: CommentBase = beside.comments.model.objects.create(**beside.written_with, **fields)
    return made


def _first_note(beside: Beside, note_id: int) -> CommentBase:
    """Locked. A note beside something else is as none."""
    note: CommentBase | None = beside.comments.select_for_update().filter(pk=note_id, parent=None).first()
    if note is None:
        raise BadInput({"note": "there is no such note here"})
    return note
