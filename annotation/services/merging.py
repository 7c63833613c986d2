"""Words that were overtaken: kept with what they began from, shown beside what stands now, and merged on top of it.

Whatever is chosen, both sets of words are in the history afterwards: theirs is the newest revision already, and yours
becomes a revision of its own right before the merged one. The chain is theirs → yours → merged, in one transaction, so
that nobody ever finds yours at its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from annotation.access import require
from annotation.caption_content import OPTIONAL, CaptionContent, checked_content
from annotation.errors import BadInput, EtagMissing, MoveNotAllowed, StaleRevision
from annotation.merge import Choice, Merge, merge
from annotation.models import Caption, CaptionRevision, CaptionWorkingCopy, User
from annotation.services.captions import (
    NO_NOTES,
    CaptionWords,
    base_of,
    lock,
    rebase,
    require_seen_head,
    save,
    words_for,
)
from annotation.states import EDITABLE
from annotation.transactions import in_transaction


@dataclass(frozen=True)
class Overtaken:
    """A person's words and what was saved over their base. base: None where they began from the draft or from nothing.

    etag: of their words.
    """

    base: CaptionRevision | None
    head: CaptionRevision
    words: CaptionWords
    merge: Merge

    @property
    def etag(self) -> str:
        return self.words.etag


def overtaken(caption: Caption, user: User) -> Overtaken | None:
    """What this person has to merge; None while their words stand on the newest revision. 2 queries."""
    words = words_for(caption, user)
    if caption.head is None or not words.unsaved or words.base_number == caption.head_number:
        return None
    base = caption.revisions.select_related("author").filter(number=words.base_number).first()
    before = base.content if base else _drafted(caption)
    return Overtaken(base, caption.head, words, merge(before, caption.head.content, words.content))


@in_transaction
def keep_stale(
    *,
    caption: Caption,
    user: User,
    etag: str | None,
    text: object,
    people: object,
    notes: Mapping[str, object] = NO_NOTES,
) -> CaptionWords:
    """Keep words that came too late, with the revision that they began from. Makes nothing of them.

    etag: what the words began from. Where another tab has kept other words on the newest revision meanwhile, those are
    saved first, so that both can be merged.
    Raises EtagMissing, BadInput, MoveNotAllowed; StaleRevision where those of the other tab wait to be merged.
    """
    caption = _locked(caption, user)
    base_number = _base_of(etag, caption)
    copy = CaptionWorkingCopy.objects.filter(caption=caption, owner=user).first()
    before = copy.content if copy else _began_with(caption, base_number)
    content = checked_content({"text": text, "people": people, **notes}, before=before)
    if copy and etag != f'"{copy.base_number}-{copy.seq}"' and copy.content != content:
        caption = _other_tab_saved(caption, user, copy)
    defaults = {"base_number": base_number, "seq": copy.seq + 1 if copy else 1, **content.columns}
    kept, _ = CaptionWorkingCopy.objects.update_or_create(caption=caption, owner=user, defaults=defaults)
    return CaptionWords(content, kept.base_number, kept.seq, unsaved=True)


@in_transaction
def merge_save(
    *, caption: Caption, user: User, etag: str | None, seen_number: int, choices: Mapping[str, Choice]
) -> CaptionRevision:
    """Save the merged words on top of the newest revision, and the person's own right below them.

    etag, seen_number: of the words and the newest revision that the choices are about.
    Raises StaleRevision if either has changed meanwhile (nothing is lost: it can be merged again), BadInput when a
    choice is missing or nothing is left, MoveNotAllowed.
    """
    caption = _locked(caption, user)
    require_seen_head(caption, seen_number)
    found = overtaken(caption, user)
    if found is None or found.etag != etag:
        raise StaleRevision("Your words have changed meanwhile, in another tab.", head=caption.head_number)
    yours, merged = found.words.content, _result(found.merge, choices)
    if yours.text.strip() and not yours.says_the_same(merged) and not _is_in_history(caption, yours):
        _save(caption, user, yours)
        caption = lock(caption)
    return _save(caption, user, merged)


def _result(one: Merge, choices: Mapping[str, Choice]) -> CaptionContent:
    missing = {row.name: "choose one" for row in one.conflicts if row.name not in choices}
    if missing:
        raise BadInput(missing)
    return one.result(choices)


def _save(caption: Caption, user: User, content: CaptionContent) -> CaptionRevision:
    notes = {name: getattr(content, name) for name in OPTIONAL}
    words = rebase(caption=caption, user=user, text=content.text, people=content.people, notes=notes)
    return save(caption=caption, user=user, etag=words.etag, text=content.text, people=content.people, notes=notes)


def _is_in_history(caption: Caption, content: CaptionContent) -> bool:
    return caption.revisions.filter(text=content.text, people=content.people).exists()


def _other_tab_saved(caption: Caption, user: User, copy: CaptionWorkingCopy) -> Caption:
    if copy.base_number != caption.head_number:
        raise StaleRevision("Other words of yours wait to be merged: do that first.", head=caption.head_number)
    if copy.content.text.strip():
        _save(caption, user, copy.content)
    return lock(caption)


def _locked(caption: Caption, user: User) -> Caption:
    require(user, "edit", project=caption.clip.project)
    caption = lock(caption)
    if caption.state not in EDITABLE:
        raise MoveNotAllowed(f"This caption is {caption.get_state_display().lower()}.", state=caption.state)
    return caption


def _base_of(etag: str | None, caption: Caption) -> int:
    if not etag:
        raise EtagMissing("The request must say which version it saw.")
    number = base_of(etag)
    if number is None or number > caption.head_number:
        raise BadInput({"etag": "is of no version of this caption"})
    return number


def _began_with(caption: Caption, base_number: int) -> CaptionContent:
    base = caption.revisions.filter(number=base_number).first()
    return base.content if base else _drafted(caption)


def _drafted(caption: Caption) -> CaptionContent:
    payload = caption.draft.payload if caption.draft else {}
    return CaptionContent(payload.get("caption", ""), payload.get("people", []))
