"""A question's words that were overtaken: kept with what they began from, and merged on top of what stands now.

As for captions (docs/decisions/0007): whatever is chosen, both sets of words are in the history afterwards. The chain
is theirs → yours → merged, in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.errors import BadInput, EtagMissing, StaleRevision
from annotation.merge import Choice
from annotation.models import User
from annotation.services.captions import base_of
from annotation.transactions import in_transaction
from qa.content import checked_content, words_of
from qa.merge import ContentMerge, merge_contents
from qa.models import QAItem, QARevision, QAWorkingCopy
from qa.services.items import (
    QAWords,
    began_with,
    keep,
    locked,
    rebase,
    require_same_options,
    save,
    words_for,
)


@dataclass(frozen=True)
class Overtaken:
    """A person's words and what was saved over their base.

    base: None where they began from the draft or from nothing.
    """

    base: QARevision | None
    head: QARevision
    words: QAWords
    merge: ContentMerge


def overtaken(item: QAItem, user: User) -> Overtaken | None:
    """What this person has to merge; None while their words stand on the newest revision. 2 queries."""
    words = words_for(item, user)
    if item.head is None or not words.unsaved or words.base_number == item.head_number:
        return None
    base = item.revisions.select_related("author").filter(number=words.base_number).first()
    before = base.content if base else began_with(item)
    return Overtaken(base, item.head, words, merge_contents(before, item.head.content, words.content))


@in_transaction
def keep_stale(*, item: QAItem, user: User, etag: str | None, content: object) -> QAWords:
    """Keep words that came too late, with the revision that they began from. Makes nothing of them.

    etag: what the words began from. Where another tab has kept other words on the newest revision meanwhile, those are
    saved first, so that both can be merged.
    Raises EtagMissing, BadInput, MoveNotAllowed; StaleRevision where those of the other tab wait to be merged.
    """
    checked = checked_content(content)
    item = locked(item, user)
    base_number = _base_of(etag, item)
    require_same_options(checked, words_for(item, user))
    copy = QAWorkingCopy.objects.filter(item=item, owner=user).first()
    if copy and etag != f'"{copy.base_number}-{copy.seq}"' and copy.content != checked:
        _save_other_tab(item, user, copy)
    return keep(item, user, checked, base=base_number, seq=copy.seq + 1 if copy else 1)


@in_transaction
def merge_save(
    *, item: QAItem, user: User, etag: str | None, seen_number: int, choices: Mapping[str, Choice]
) -> QARevision:
    """Save the merged words on top of the newest revision, and the person's own right below them.

    etag, seen_number: of the words and the newest revision that the choices are about.
    Raises StaleRevision if either has changed meanwhile (nothing is lost: it can be merged again), BadInput when a
    choice is missing or cannot be taken, MoveNotAllowed.
    """
    item = locked(item, user)
    if item.head_number != seen_number:
        raise StaleRevision(f"Somebody saved a newer revision of {item.question_id}.", head=item.head_number)
    found = overtaken(item, user)
    if found is None or found.words.etag != etag:
        raise StaleRevision("Your words have changed meanwhile, in another tab.", head=item.head_number)
    yours, merged = found.words.content, _result(found.merge, choices)
    if words_of(yours).strip() and yours != merged and not item.revisions.filter(content=yours).exists():
        _save(item, user, yours)
    return _save(item, user, merged)


def _result(one: ContentMerge, choices: Mapping[str, Choice]) -> dict[str, Any]:
    missing = {row.name: "choose one" for row in one.conflicts if row.name not in choices}
    missing |= {
        row.name: "must be theirs or yours"
        for row in one.conflicts
        if row.name in choices and choices[row.name].take == "own" and not row.is_text
    }
    if missing:
        raise BadInput(missing)
    return one.result(choices)


def _save(item: QAItem, user: User, content: dict[str, Any]) -> QARevision:
    words = rebase(item=item, user=user, content=content)
    return save(item=item, user=user, etag=words.etag, content=content)


def _save_other_tab(item: QAItem, user: User, copy: QAWorkingCopy) -> None:
    if copy.base_number != item.head_number:
        raise StaleRevision("Other words of yours wait to be merged: do that first.", head=item.head_number)
    if words_of(copy.content).strip():
        _save(item, user, copy.content)


def _base_of(etag: str | None, item: QAItem) -> int:
    if not etag:
        raise EtagMissing("The request must say which version it saw.")
    number = base_of(etag)
    if number is None or number > item.head_number:
        raise BadInput({"etag": "is of no version of this question"})
    return number
