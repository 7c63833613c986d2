"""What people do to a caption: autosave, save, submit, withdraw, restore, reopen.

The ETag of a caption for one person is `"<base>-<seq>"`: the revision their words started from and the number of their
autosaves since. Every write says which one it saw.
"""

from dataclasses import dataclass
from typing import Any

from annotation.access import require
from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, StaleRevision
from annotation.models import Caption, CaptionOpening, CaptionRevision, CaptionWorkingCopy, Draft, RevisionKind, User
from annotation.services.revisions import append_revision
from annotation.states import EDITABLE, State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import move

CAPTION_CHARACTERS = 50_000
PEOPLE = 50


@dataclass(frozen=True)
class CaptionWords:
    """What a person sees in the editor. seq is 0 where nothing is unsaved."""

    text: str
    people: list[dict[str, str]]
    base_number: int
    seq: int
    unsaved: bool

    @property
    def etag(self) -> str:
        return f'"{self.base_number}-{self.seq}"'


def words_for(caption: Caption, user: User) -> CaptionWords:
    """The person's unsaved words, else the head, else the draft, else nothing. 1 query beside the caption's own."""
    copy = CaptionWorkingCopy.objects.filter(caption=caption, owner=user).first()
    if copy is not None:
        return CaptionWords(copy.text, copy.people, copy.base_number, copy.seq, unsaved=True)
    if caption.head is not None:
        return CaptionWords(caption.head.text, caption.head.people, caption.head_number, 0, unsaved=False)
    payload: dict[str, Any] = caption.draft.payload if caption.draft else {}
    return CaptionWords(payload.get("caption", ""), payload.get("people", []), 0, 0, unsaved=False)


def checked_people(value: object) -> list[dict[str, str]]:
    """`[{"key": "P1", "description": …}]` and nothing else. Raises BadInput."""
    if not isinstance(value, list) or len(value) > PEOPLE:
        raise BadInput({"people": f"must be a list of at most {PEOPLE} people"})
    people: list[dict[str, str]] = []
    for place, person in enumerate(value, start=1):
        if not isinstance(person, dict) or set(person) != {"key", "description"}:
            raise BadInput({"people": f"number {place} must have exactly key and description"})
        key = checked_text(person["key"], field="people", most=10, blank=False)
        people.append({"key": key, "description": checked_text(person["description"], field="people", most=500)})
    if len({person["key"] for person in people}) < len(people):
        raise BadInput({"people": "two people have the same key"})
    return people


@in_transaction
def autosave(*, caption: Caption, user: User, etag: str | None, text: object, people: object) -> CaptionWords:
    """Keep the person's unsaved words. Never makes a revision.

    Raises EtagMissing, StaleRevision (a newer revision, or another tab of the same person), MoveNotAllowed, BadInput.
    """
    checked = checked_text(text, field="text", most=CAPTION_CHARACTERS)
    registry = checked_people(people)
    caption = _locked(caption, user)
    seen = _require_seen(caption, user, etag)
    CaptionWorkingCopy.objects.update_or_create(
        caption=caption,
        owner=user,
        defaults={"base_number": seen.base_number, "seq": seen.seq + 1, "text": checked, "people": registry},
    )
    return CaptionWords(checked, registry, seen.base_number, seen.seq + 1, unsaved=True)


@in_transaction
def save(*, caption: Caption, user: User, etag: str | None, text: object, people: object) -> CaptionRevision:
    """Make the words a revision. Raises as `autosave`, and BadInput for a caption without words."""
    checked = checked_text(text, field="text", most=CAPTION_CHARACTERS, blank=False)
    registry = checked_people(people)
    caption = _locked(caption, user)
    _require_seen(caption, user, etag)
    return _write(caption, user, text=checked, people=registry, kind=RevisionKind.EDIT)


@in_transaction
def submit(*, caption: Caption, user: User, etag: str | None, text: object, people: object) -> CaptionRevision:
    """Save what changed and hand the caption to review. An untouched draft is accepted as it is.

    Raises as `save`.
    """
    checked = checked_text(text, field="text", most=CAPTION_CHARACTERS, blank=False)
    registry = checked_people(people)
    caption = _locked(caption, user)
    _require_seen(caption, user, etag)
    head = caption.head
    if head is None or (head.text, head.people) != (checked, registry):
        head = _write(caption, user, text=checked, people=registry, kind=RevisionKind.EDIT)
    else:
        CaptionWorkingCopy.objects.filter(caption=caption, owner=user).delete()
    move(caption, "submit", actor=user, revision=head)
    return head


@in_transaction
def rebase(*, caption: Caption, user: User, text: object, people: object) -> CaptionWords:
    """Keep a person's words on top of the newest revision, after they have been shown it. Makes no revision.

    Raises MoveNotAllowed, BadInput.
    """
    checked = checked_text(text, field="text", most=CAPTION_CHARACTERS)
    registry = checked_people(people)
    caption = _locked(caption, user)
    seq = words_for(caption, user).seq + 1
    CaptionWorkingCopy.objects.update_or_create(
        caption=caption,
        owner=user,
        defaults={"base_number": caption.head_number, "seq": seq, "text": checked, "people": registry},
    )
    return CaptionWords(checked, registry, caption.head_number, seq, unsaved=True)


@in_transaction
def discard(*, caption: Caption, user: User) -> None:
    """Forget the person's unsaved words, because they said so."""
    caption = _locked(caption, user)
    CaptionWorkingCopy.objects.filter(caption=caption, owner=user).delete()


@in_transaction
def restore(*, caption: Caption, user: User, etag: str | None, number: int) -> CaptionRevision:
    """Make an earlier revision's words the newest revision. Nothing is deleted.

    Raises as `save`, and BadInput if there is no such revision.
    """
    caption = _locked(caption, user)
    _require_seen(caption, user, etag)
    earlier = caption.revisions.filter(number=number).first()
    if earlier is None:
        raise BadInput({"number": f"this caption has no revision {number}"})
    return _write(caption, user, text=earlier.text, people=earlier.people, kind=RevisionKind.RESTORE)


@in_transaction
def withdraw(*, caption: Caption, user: User, seen_number: int) -> None:
    """Take a submitted caption back to go on writing. Raises StaleRevision, MoveNotAllowed."""
    require(user, "edit", project=caption.clip.project)
    caption = lock(caption)
    require_seen_head(caption, seen_number)
    move(caption, "withdraw", actor=user, revision=caption.head)


@in_transaction
def reopen(*, caption: Caption, user: User, reason: str, seen_number: int) -> None:
    """Take back an approval. What was approved stays in the history and in earlier releases."""
    require(user, "reopen", project=caption.clip.project)
    checked = checked_text(reason, field="reason", most=2000, blank=False)
    caption = lock(caption)
    require_seen_head(caption, seen_number)
    move(caption, "reopen", actor=user, revision=caption.head, reason=checked)


@in_transaction
def accept_draft(draft: Draft) -> None:
    """A draft of a caption has come. It never touches the text: only a caption that waits for one becomes drafted."""
    caption = Caption.objects.select_for_update(of=("self",)).select_related("clip__project").get(clip=draft.clip_id)
    if caption.state == State.WAITING:
        caption.draft = draft
        caption.save(update_fields=["draft"])
        move(caption, "draft", actor=None)


def note_opening(*, caption: Caption, user: User) -> None:
    """Remember that this person has seen the caption, before any blind answer of theirs. Safe to run twice."""
    CaptionOpening.objects.get_or_create(caption=caption, user=user)


def lock(caption: Caption) -> Caption:
    """The caption's row under lock, with what is needed to judge a move. Needs an open transaction."""
    return (
        Caption.objects.select_for_update(of=("self",))
        .select_related("clip__project", "head", "draft")
        .get(pk=caption.pk)
    )


def require_seen_head(caption: Caption, seen_number: int) -> None:
    """Raises StaleRevision if a newer revision than the one seen exists."""
    if caption.head_number != seen_number:
        raise StaleRevision("Somebody saved a newer revision meanwhile.", head=caption.head_number)


def _locked(caption: Caption, user: User) -> Caption:
    require(user, "edit", project=caption.clip.project)
    # Lock first: two people may press Save in the same second.
    caption = lock(caption)
    if caption.state not in EDITABLE:
        raise MoveNotAllowed(f"This caption is {caption.get_state_display().lower()}.", state=caption.state)
    return caption


def _require_seen(caption: Caption, user: User, etag: str | None) -> CaptionWords:
    if not etag:
        raise EtagMissing("The request must say which version it saw (If-Match).")
    seen = words_for(caption, user)
    if etag != seen.etag or seen.base_number != caption.head_number:
        overtaken = not etag.startswith(f'"{caption.head_number}-')
        by = caption.head.author.shown_name if caption.head and overtaken else None
        raise StaleRevision(
            f"{by} saved a newer revision." if by else "Another tab of yours saved meanwhile.",
            head=caption.head_number,
            etag=seen.etag,
            by=by,
        )
    return seen


def _write(
    caption: Caption, user: User, *, text: str, people: list[dict[str, str]], kind: RevisionKind
) -> CaptionRevision:
    revision = CaptionRevision(caption=caption, author=user, kind=kind, text=text, people=people)
    append_revision(caption, revision)
    if caption.state in (State.WAITING, State.DRAFTED):
        move(caption, "edit", actor=user, revision=revision)
    CaptionWorkingCopy.objects.filter(caption=caption, owner=user).delete()
    return revision
