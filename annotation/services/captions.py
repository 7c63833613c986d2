"""What people do to a caption: autosave, save, submit, withdraw, restore, reopen.

Whoever writes has the caption on the desk if it is free (`leases`); a lost lease refuses nothing but Submit.

The ETag of a caption for one person is `"<base>-<seq>"`: the revision their words started from and the number of their
autosaves since. Every write says which one it saw.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import connection

from annotation.access import require
from annotation.caption_checks import VERSION
from annotation.caption_content import CaptionContent, checked_content, watched_percent
from annotation.caption_flags import checked_reasons, submitted_flags
from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, StaleRevision
from annotation.models import (
    Caption,
    CaptionOpening,
    CaptionRevision,
    CaptionSubmission,
    CaptionWorkingCopy,
    Draft,
    LeaseEnd,
    RevisionKind,
    User,
)
from annotation.models.work import LeaseBase
from annotation.ready_sql import Ready, insert_row
from annotation.services import leases
from annotation.services.revisions import append_revision
from annotation.services.seals import require_unsealed
from annotation.states import EDITABLE, State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now, move, pseudonym_of

_LOCKED = Ready(
    lambda pk: (
        Caption.objects.select_for_update(of=("self",)).select_related("clip__project", "head", "draft").filter(pk=pk)
    ),
    pk=-1,
)
_WORKING_COPY = Ready(
    lambda caption, owner: CaptionWorkingCopy.objects.filter(caption=caption, owner=owner), caption=-1, owner=-2
)
_ETAG = re.compile(r'"(\d{1,9})-(\d{1,9})"', re.ASCII)
NO_NOTES: Mapping[str, object] = MappingProxyType({})
NO_REASONS: list[dict[str, str]] = []


@dataclass(frozen=True)
class CaptionWords:
    """What a person sees in the editor. seq is 0 where nothing is unsaved."""

    content: CaptionContent
    base_number: int
    seq: int
    unsaved: bool

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def people(self) -> list[dict[str, Any]]:
        return self.content.people

    @property
    def etag(self) -> str:
        return f'"{self.base_number}-{self.seq}"'


def words_for(caption: Caption, user: User) -> CaptionWords:
    """The person's unsaved words, else the head, else the draft, else nothing. 1 query beside the caption's own."""
    copy = _WORKING_COPY.first(caption=caption.pk, owner=user.pk)
    if copy is not None:
        return CaptionWords(copy.content, copy.base_number, copy.seq, unsaved=True)
    if caption.head is not None:
        return CaptionWords(caption.head.content, caption.head_number, 0, unsaved=False)
    payload: dict[str, Any] = caption.draft.payload if caption.draft else {}
    drafted = CaptionContent(payload.get("caption", ""), payload.get("people", []))
    return CaptionWords(drafted, 0, 0, unsaved=False)


@in_transaction
def autosave(
    *,
    caption: Caption,
    user: User,
    etag: str | None,
    text: object,
    people: object,
    notes: Mapping[str, object] = NO_NOTES,
) -> CaptionWords:
    """Keep the person's unsaved words. Never makes a revision. Safe to ask again when the answer was lost.

    notes: any of `caption_content.OPTIONAL`; the others stay as they were.
    Raises EtagMissing, StaleRevision (a newer revision, or another tab of the same person), MoveNotAllowed, BadInput.
    """
    said = _said(text, people, notes)
    caption = _locked(caption, user)
    words = _kept_already(caption, user, etag, said)
    if words is None:
        seen = _require_seen(caption, user, etag)
        content = checked_content(said, before=seen.content)
        words = _keep(caption, user, content, base=seen.base_number, seq=seen.seq + 1)
    leases.keep_or_take(caption, user)
    return words


@in_transaction
def save(
    *,
    caption: Caption,
    user: User,
    etag: str | None,
    text: object,
    people: object,
    notes: Mapping[str, object] = NO_NOTES,
) -> CaptionRevision:
    """Make the words a revision. Raises as `autosave`, and BadInput for a caption without words."""
    said = _said(text, people, notes)
    caption = _locked(caption, user)
    seen = _require_seen(caption, user, etag)
    content = checked_content(said, before=seen.content, blank=False)
    revision = _write(caption, user, content, kind=RevisionKind.EDIT)
    leases.keep_or_take(caption, user)
    return revision


@in_transaction
def submit(
    *,
    caption: Caption,
    user: User,
    etag: str | None,
    text: object,
    people: object,
    notes: Mapping[str, object] = NO_NOTES,
    reasons: object = NO_REASONS,
) -> CaptionRevision:
    """Save what changed and hand the caption to review. An untouched draft is accepted as it is.

    reasons: why flags of the checks stay, `[{"rule", "sentence", "reason"}]`. What the checks say of the words is
    written down with them; flags refuse nothing.
    Raises as `save`, LeaseHeld if somebody else has the caption on the desk, and BadInput below the project's watch
    floor. A lease of their own whose time is over refuses nothing.
    """
    said = _said(text, people, notes)
    given = checked_reasons(reasons)
    caption = _locked(caption, user)
    seen = _require_seen(caption, user, etag)
    content = checked_content(said, before=seen.content, blank=False)
    watched = _watched_enough(caption, content)
    head = caption.head
    if head is None or head.content != content:
        head = _write(caption, user, content, kind=RevisionKind.EDIT)
    else:
        _forget_working_copy(caption, user)
    lease = leases.end_for(caption, user, LeaseEnd.SUBMITTED)
    flags = submitted_flags(content, duration_ms=caption.clip.duration_ms, reasons=given)
    _record_submission(caption, lease, head, watched=watched, flags=flags)
    move(caption, "submit", actor=user, revision=head)
    if seen.base_number:  # else nothing of it was ever judged
        leases.reserve_for_its_reviewer(caption)
    else:
        leases.unreserve(caption)
    return head


@in_transaction
def rebase(
    *, caption: Caption, user: User, text: object, people: object, notes: Mapping[str, object] = NO_NOTES
) -> CaptionWords:
    """Keep a person's words on top of the newest revision, after they have been shown it. Makes no revision.

    Raises MoveNotAllowed, BadInput.
    """
    said = _said(text, people, notes)
    caption = _locked(caption, user)
    seen = words_for(caption, user)
    content = checked_content(said, before=seen.content)
    words = _keep(caption, user, content, base=caption.head_number, seq=seen.seq + 1)
    leases.keep_or_take(caption, user)
    return words


@in_transaction
def discard(*, caption: Caption, user: User) -> None:
    """Forget the person's unsaved words, because they said so."""
    caption = _locked(caption, user)
    _forget_working_copy(caption, user)


@in_transaction
def restore(*, caption: Caption, user: User, etag: str | None, number: int) -> CaptionRevision:
    """Make an earlier revision's words the newest revision. Unsaved words become a revision before it.

    What has no text can be no revision: people noted beside an emptied text are gone.
    Raises as `save`, and BadInput if there is no such revision.
    """
    caption = _locked(caption, user)
    seen = _require_seen(caption, user, etag)
    earlier = caption.revisions.filter(number=number).first()
    if earlier is None:
        raise BadInput({"number": f"this caption has no revision {number}"})
    newest = caption.head.content if caption.head else None
    if seen.unsaved and seen.text.strip() and seen.content not in (newest, earlier.content):
        _write(caption, user, seen.content, kind=RevisionKind.EDIT)
    revision = _write(caption, user, earlier.content, kind=RevisionKind.RESTORE)
    leases.keep_or_take(caption, user)
    return revision


@in_transaction
def withdraw(*, caption: Caption, user: User, seen_number: int) -> None:
    """Take a submitted caption back to go on writing; it is on their desk. Raises StaleRevision, MoveNotAllowed."""
    require(user, "edit", project=caption.clip.project)
    caption = lock(caption)
    require_seen_head(caption, seen_number)
    move(caption, "withdraw", actor=user, revision=caption.head)
    leases.give_up(caption, None, LeaseEnd.RELEASED)  # whoever was about to judge it has nothing to judge
    leases.unreserve(caption)
    leases.keep_or_take(caption, user)


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
    """Remember that this person was sent the caption's words, before any blind answer of theirs. Safe to run twice.

    Raises Sealed while they answer the clip's questions blind.
    """
    require_unsealed(caption, user)
    CaptionOpening.objects.get_or_create(caption=caption, user=user)


def lock(caption: Caption) -> Caption:
    """The caption's row under lock, with what is needed to judge a move. Needs an open transaction."""
    locked = _LOCKED.first(pk=caption.pk)
    if locked is None:
        raise Caption.DoesNotExist
    return locked


def require_seen_head(caption: Caption, seen_number: int) -> None:
    """Raises StaleRevision if a newer revision than the one seen exists."""
    if caption.head_number != seen_number:
        raise StaleRevision("Somebody saved a newer revision meanwhile.", head=caption.head_number)


def _locked(caption: Caption, user: User) -> Caption:
    # Lock first: two people may press Save in the same second.
    caption = lock(caption)
    require(user, "edit", project=caption.clip.project)
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


def _watched_enough(caption: Caption, content: CaptionContent) -> int:
    """How much of the clip has been played, in percent. Raises BadInput below the project's floor."""
    percent = watched_percent(content.watched, duration_ms=caption.clip.duration_ms)
    floor = caption.clip.project.watch_floor_percent
    if percent < floor:
        raise BadInput({"watched": f"{percent} % of the clip has been played; {floor} % is asked for here"})
    return percent


def _record_submission(
    caption: Caption,
    lease: LeaseBase,
    revision: CaptionRevision,
    *,
    watched: int,
    flags: list[dict[str, str]],
) -> None:
    submission = CaptionSubmission(
        caption=caption,
        revision=revision,
        submitter=lease.holder,
        flags=flags,
        checks_version=VERSION,
        watched_percent=watched,
        active_ms=lease.active_ms,
        created_at=database_now(),
    )
    submission.digest = submission.computed_digest(
        object_id=caption.object_id,
        pseudonym=pseudonym_of(lease.holder, project=caption.clip.project),
        revision=revision.digest,
    )
    insert_row(submission)


def _kept_already(caption: Caption, user: User, etag: str | None, said: dict[str, Any]) -> CaptionWords | None:
    """The words as they are kept, if they are just these: nobody is told that they were overtaken by themselves."""
    kept = words_for(caption, user)
    if not kept.unsaved or not kept.base_number == caption.head_number == base_of(etag):
        return None
    return kept if checked_content(said, before=kept.content) == kept.content else None


def base_of(etag: str | None) -> int | None:
    """The revision that words with this ETag began from; None for what is no ETag of ours."""
    match = _ETAG.fullmatch(etag or "")
    return int(match[1]) if match else None


def _said(text: object, people: object, notes: Mapping[str, object]) -> dict[str, Any]:
    return {"text": text, "people": people, **notes}


def _keep(caption: Caption, user: User, content: CaptionContent, *, base: int, seq: int) -> CaptionWords:
    CaptionWorkingCopy.objects.update_or_create(
        caption=caption, owner=user, defaults={"base_number": base, "seq": seq, **content.columns}
    )
    return CaptionWords(content, base, seq, unsaved=True)


def _write(caption: Caption, user: User, content: CaptionContent, *, kind: RevisionKind) -> CaptionRevision:
    revision = CaptionRevision(caption=caption, author=user, kind=kind, **content.columns)
    append_revision(caption, revision)
    if caption.state in (State.WAITING, State.DRAFTED):
        move(caption, "edit", actor=user, revision=revision)
    _forget_working_copy(caption, user)
    return revision


def _forget_working_copy(caption: Caption, user: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM annotation_captionworkingcopy WHERE caption_id = %s AND owner_id = %s", [caption.pk, user.pk]
        )
