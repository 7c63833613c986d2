"""What people do to questions: autosave, save, add, drop, and hand in all questions of a clip together.

Whoever writes has the clip's set of questions on the desk if it is free (`sets`); a lost lease refuses only Submit.

The ETag of a question for one person is `"<base>-<seq>"`, as for captions. Questions are worked on once the caption
of their clip is approved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from annotation.access import require
from annotation.caption_format import without_marks
from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, NotVisible, StaleRevision
from annotation.models import Caption, Clip, RevisionKind, User, Verdict
from annotation.services.captions import base_of
from annotation.services.revisions import append_revision
from annotation.states import State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import move
from qa.categories import Category
from qa.content import blank_content, checked_content, content_from_draft, option_ids, problems_of, words_of
from qa.models import QAItem, QARevision, QAWorkingCopy
from qa.services import sets
from qa.services.drafts import new_item
from qa.services.flags import Around
from qa.services.similar_questions import asked_of, asked_of_same_source
from qa.services.submissions import (
    checked_reasons,
    overridden_flags,
    record_submission,
    still_blocked,
    watched_enough,
)

EDITABLE = (State.DRAFTED, State.EDITING)
MOST_ITEMS = 40
NO_SPANS: list[list[int]] = []
NO_REASONS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class QAWords:
    """What a person sees in a question's card. seq is 0 where nothing is unsaved."""

    content: dict[str, Any]
    base_number: int
    seq: int
    unsaved: bool

    @property
    def etag(self) -> str:
        return f'"{self.base_number}-{self.seq}"'


def item_for(user: User, *, slug: str, question_id: str) -> QAItem:
    """Raises NotVisible for another project's question and for none."""
    if "\x00" in question_id:  # Postgres cannot even be asked for it
        raise NotVisible
    items = QAItem.objects.visible_to(user).select_related("clip__project", "head__author", "draft")
    item = items.filter(clip__project__slug=slug, question_id=question_id).first()
    if item is None:
        raise NotVisible
    return item


def words_for(item: QAItem, user: User) -> QAWords:
    """The person's unsaved words, else the head, else the draft. 1 query beside the item's own."""
    return _words(item, QAWorkingCopy.objects.filter(item=item, owner=user).first())


def words_of_all(items: list[QAItem], user: User) -> list[QAWords]:
    """`words_for` each of the items, in their order. 1 query beside the items' own."""
    copies = {copy.item_id: copy for copy in QAWorkingCopy.objects.filter(item__in=items, owner=user)}
    return [_words(item, copies.get(item.pk)) for item in items]


@in_transaction
def autosave(*, item: QAItem, user: User, etag: str | None, content: object) -> QAWords:
    """Keep the person's unsaved words. Safe to ask again when the answer was lost.

    Raises EtagMissing, StaleRevision, MoveNotAllowed, BadInput.
    """
    checked = checked_content(content)
    item = locked(item, user)
    if kept := _kept_already(item, user, etag, checked):
        return kept
    seen = _require_seen(item, user, etag)
    require_same_options(checked, seen)
    return keep(item, user, checked, base=seen.base_number, seq=seen.seq + 1)


@in_transaction
def rebase(*, item: QAItem, user: User, content: object) -> QAWords:
    """Put the person's words on top of the newest revision, unsaved, now that they have been told of it.

    Raises MoveNotAllowed, BadInput.
    """
    checked = checked_content(content)
    item = locked(item, user)
    seen = words_for(item, user)
    require_same_options(checked, seen)
    return keep(item, user, checked, base=item.head_number, seq=seen.seq + 1)


def discard(*, item: QAItem, user: User) -> None:
    """Forget the person's unsaved words. Safe to run twice."""
    QAWorkingCopy.objects.filter(item=item, owner=user).delete()


@in_transaction
def save(*, item: QAItem, user: User, etag: str | None, content: object) -> QARevision:
    """Make the words a revision; a draft saved unchanged is accepted as it is. Raises as `autosave`."""
    checked = checked_content(content)
    item = locked(item, user)
    seen = _require_seen(item, user, etag)
    require_same_options(checked, seen)
    return _write(item, user, checked)


@in_transaction
def restore(*, item: QAItem, user: User, etag: str | None, number: int) -> QARevision:
    """Make an earlier revision's words the newest revision. Unsaved words become a revision before it.

    Raises as `autosave`, BadInput if there is none such.
    """
    item = locked(item, user)
    seen = _require_seen(item, user, etag)
    earlier = item.revisions.filter(number=number).first()
    if earlier is None:
        raise BadInput({"number": f"this question has no revision {number}"})
    newest = item.head.content if item.head else None
    if seen.unsaved and words_of(seen.content).strip() and seen.content not in (newest, earlier.content):
        _write(item, user, seen.content)
    return _write(item, user, earlier.content, kind=RevisionKind.RESTORE)


@in_transaction
def drop(*, item: QAItem, user: User, etag: str | None, reason: object) -> None:
    """Take the question out, with a reason. Its words stay. Raises as `autosave`.

    One that was handed in is taken back or returned first, one in dispute is for the adjudicator.
    """
    checked = checked_text(reason, field="reason", most=2000, blank=False)
    require(user, "edit", project=item.clip.project)
    item = lock(item)
    approved_caption(item.clip)
    _require_seen(item, user, etag)
    if item.state not in EDITABLE:  # a drop would go around those who are asked to judge it
        raise MoveNotAllowed(f"This question is {item.get_state_display().lower()}.", state=item.state)
    move(item, "drop", actor=user, revision=item.head, reason=checked)
    QAWorkingCopy.objects.filter(item=item, owner=user).delete()
    sets.dropped(item.clip, user)


@in_transaction
def reopen(*, item: QAItem, user: User, reason: object, seen_number: int) -> None:
    """Take back an approval. What was approved stays in the history and in earlier releases."""
    require(user, "reopen", project=item.clip.project)
    checked = checked_text(reason, field="reason", most=2000, blank=False)
    item = lock(item)
    approved_caption(item.clip)
    if item.head_number != seen_number:
        raise StaleRevision(f"Somebody saved a newer revision of {item.question_id}.", head=item.head_number)
    move(item, "reopen", actor=user, revision=item.head, reason=checked)


@in_transaction
def add_item(*, clip: Clip, user: User, category: object, content: object) -> QAItem:
    """A question that a person writes. Its id is the category's next number."""
    require(user, "edit", project=clip.project)
    if category not in Category.values:
        raise BadInput({"category": f"must be one of {', '.join(Category.values)}"})
    checked = checked_content(content)
    return _added(_locked_clip(clip), user, str(category), checked)


@in_transaction
def split_item(*, item: QAItem, user: User, etag: str | None, content: object) -> QAItem:
    """Make two questions of one: a new one of the same category with a copy of the words, to be edited on.

    The words that were not saved stay with the one that they were typed for. Where the new one comes from is said by
    its first event. Raises as `autosave`, and as `add_item`.
    """
    checked = checked_content(content)
    clip = _locked_clip(item.clip)
    item = locked(item, user)
    seen = _require_seen(item, user, etag)
    require_same_options(checked, seen)
    if checked != seen.content:
        keep(item, user, checked, base=seen.base_number, seq=seen.seq + 1)
    return _added(clip, user, item.category, checked, reason=f"split from {item.question_id}")


@in_transaction
def submit_unit(
    *,
    clip: Clip,
    user: User,
    seen: dict[str, str],
    reasons: object = NO_REASONS,
    watched: object = NO_SPANS,
) -> list[QAItem]:
    """Hand in all questions of the clip that are being edited.

    seen: question id -> ETag, for each question that is open. reasons: question id -> rule -> why the question goes in
    although that rule blocks. watched: spans of the clip that were played, `[[start_ms, end_ms], …]`.
    Raises BadInput that names the questions that are not decided, not saved, not complete, or blocked by a check
    without a reason, and below the project's watch floor; StaleRevision if one changed; MoveNotAllowed if there is
    nothing to hand in; LeaseHeld if somebody else has the questions on the desk.
    """
    require(user, "edit", project=clip.project)
    given = checked_reasons(reasons)
    clip = _locked_clip(clip)
    items = list(
        QAItem.objects.select_for_update(of=("self",))
        .filter(clip=clip, state__in=EDITABLE)
        .select_related("clip__project", "head__author", "draft")
        .in_table_order()
    )
    if not items:
        raise MoveNotAllowed("There is no open question to hand in.")
    for item in items:
        _require_seen(item, user, seen.get(item.question_id))
    around = around_of(clip, user)
    flags = {item.pk: overridden_flags(item, given, around) for item in items}
    problems = {
        item.question_id: problem
        for item in items
        if (problem := _in_the_way(item, user) or still_blocked(flags[item.pk]))
    }
    if problems:
        raise BadInput(problems)
    percent = watched_enough(clip, watched)
    for item in items:
        move(item, "submit", actor=user, revision=item.head)
    active_ms = sets.handed_in(clip, user)
    for item in items:
        record_submission(item, submitter=user, rows=flags[item.pk], watched=percent, active_ms=active_ms)
    return items


@in_transaction
def withdraw_unit(*, clip: Clip, user: User) -> None:
    """Take the clip's submitted questions back to go on writing. Raises MoveNotAllowed if none is in review."""
    require(user, "edit", project=clip.project)
    clip = _locked_clip(clip)
    items = list(QAItem.objects.select_for_update().filter(clip=clip, state=State.IN_REVIEW))
    if not items:
        raise MoveNotAllowed("No question of this clip is in review.")
    for item in items:
        move(item, "withdraw", actor=user, revision=item.head)
    sets.taken_back(clip, user)


def lock(item: QAItem) -> QAItem:
    """The item's row under lock, with what is needed to judge a move. Needs an open transaction."""
    related = ("clip__project", "head__author", "draft", "approved_revision")
    return QAItem.objects.select_for_update(of=("self",)).select_related(*related).get(pk=item.pk)


def approved_caption(clip: Clip) -> Caption:
    """The clip's caption. Raises MoveNotAllowed unless it is approved."""
    caption = Caption.objects.select_related("approved_revision").get(clip=clip)
    if caption.state != State.APPROVED:
        raise MoveNotAllowed("The caption of this clip is not approved yet: its questions wait for it.")
    return caption


def _words(item: QAItem, copy: QAWorkingCopy | None) -> QAWords:
    if copy is not None:
        return QAWords(copy.content, copy.base_number, copy.seq, unsaved=True)
    if item.head is not None:
        return QAWords(item.head.content, item.head_number, 0, unsaved=False)
    return QAWords(began_with(item), 0, 0, unsaved=False)


def keep(item: QAItem, user: User, content: dict[str, Any], *, base: int, seq: int) -> QAWords:
    """Store the person's unsaved words. The caller holds the item's lock."""
    QAWorkingCopy.objects.update_or_create(
        item=item, owner=user, defaults={"base_number": base, "seq": seq, "content": content}
    )
    sets.keep_or_take(item.clip, user)
    return QAWords(content, base, seq, unsaved=True)


def began_with(item: QAItem) -> dict[str, Any]:
    """What stood before the first revision: the draft, or nothing."""
    return content_from_draft(item.draft.payload) if item.draft else blank_content()


def _kept_already(item: QAItem, user: User, etag: str | None, content: dict[str, Any]) -> QAWords | None:
    """The words as they are kept, if they are just these: nobody is told that they were overtaken by themselves."""
    kept = words_for(item, user)
    stands = kept.unsaved and kept.base_number == item.head_number == base_of(etag)
    return kept if stands and kept.content == content else None


def _added(clip: Clip, user: User, category: str, content: dict[str, Any], *, reason: str = "") -> QAItem:
    if clip.qa_items.exclude(state=State.DROPPED).count() >= MOST_ITEMS:
        raise BadInput({"category": f"a clip has at most {MOST_ITEMS} questions"})
    item = new_item(clip, category, state=State.EDITING)
    revision = QARevision(item=item, author=user, kind=RevisionKind.EDIT, content=content)
    append_revision(item, revision)
    move(item, "edit", actor=user, revision=revision, reason=reason, created=True)
    sets.keep_or_take(clip, user)
    return item


def around_of(clip: Clip, user: User) -> Around:
    """What the clip's questions are held against, as they were saved. 3 queries at most."""
    text = approved_caption(clip).approved_revision
    live = clip.qa_items.exclude(state=State.DROPPED).select_related("head").in_table_order()
    return Around(
        caption=without_marks(text.text) if text else None,
        siblings=tuple(asked_of(item, item.head.content) for item in live if item.head),
        elsewhere=asked_of_same_source(clip, user),
    )


def _in_the_way(item: QAItem, user: User) -> str:
    if item.state == State.DRAFTED or item.head is None:
        return "is still a draft: accept, change or drop it"
    if words_for(item, user).unsaved:
        return "has unsaved words: save it first"
    settled = item.reviews.filter(judged_revision=item.head, is_adjudication=True, verdict=Verdict.RETURN)
    if settled.exists():
        return "was returned as it stands by an adjudicator: change it or drop it"
    return "; ".join(problems_of(item.head.content))


def locked(item: QAItem, user: User) -> QAItem:
    require(user, "edit", project=item.clip.project)
    # Lock first: two people may press Save in the same second.
    item = lock(item)
    approved_caption(item.clip)
    if item.state not in EDITABLE:
        raise MoveNotAllowed(f"This question is {item.get_state_display().lower()}.", state=item.state)
    return item


def _locked_clip(clip: Clip) -> Clip:
    clip = Clip.objects.select_for_update(of=("self",), no_key=True).select_related("project").get(pk=clip.pk)
    approved_caption(clip)
    return clip


def _require_seen(item: QAItem, user: User, etag: str | None) -> QAWords:
    if not etag:
        raise EtagMissing(f"The request must say which version of {item.question_id} it saw.")
    seen = words_for(item, user)
    if etag != seen.etag or seen.base_number != item.head_number:
        newer = seen.base_number != item.head_number or etag.startswith(f'"{item.head_number}-') is False
        by = item.head.author.shown_name if item.head and newer and item.state in EDITABLE else None
        raise StaleRevision(
            f"{by} saved a newer revision of {item.question_id}."
            if by
            else f"Another tab of yours changed {item.question_id}.",
            head=item.head_number,
            etag=seen.etag,
            by=by,
        )
    return seen


def require_same_options(content: dict[str, Any], seen: QAWords) -> None:
    """Options may change their words and places; which four they are stays."""
    if set(option_ids(content)) != set(option_ids(seen.content)):
        raise BadInput({"options": "the ids of options never change"})


def _write(item: QAItem, user: User, content: dict[str, Any], *, kind: RevisionKind = RevisionKind.EDIT) -> QARevision:
    revision = QARevision(item=item, author=user, kind=kind, content=content)
    append_revision(item, revision)
    if item.state == State.DRAFTED:
        move(item, "edit", actor=user, revision=revision)
    QAWorkingCopy.objects.filter(item=item, owner=user).delete()
    sets.keep_or_take(item.clip, user)
    return revision
