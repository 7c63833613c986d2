"""The set of a clip's questions counts itself, whoever writes the rows."""

import threading

import pytest
from django.db import connections

from annotation.models import Clip, Project, User
from annotation.services.captions import reopen
from annotation.services.clip_flags import flag_clip
from annotation.states import State
from annotation.transactions import in_transaction
from qa.models import QASet
from qa.services.items import drop, lock, words_for
from tests.factories import ApprovedCaptionFactory, DraftedQAItemFactory, SubmittedCaptionFactory

Counts = tuple[bool, int, int, int]


def counts(clip: Clip) -> Counts:
    found = QASet.objects.get(clip=clip)
    return found.is_ready, found.items, found.open_items, found.items_in_review


def test_a_set_is_made_with_its_caption_and_is_ready_once_that_is_approved(
    project: Project, ana: User, rui: User, oda: User
) -> None:
    caption = SubmittedCaptionFactory(project=project, author=ana)
    assert counts(caption.clip) == (False, 0, 0, 0)
    DraftedQAItemFactory(clip=caption.clip)
    assert counts(caption.clip) == (False, 1, 1, 0)
    approved = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui)
    assert counts(approved.clip) == (True, 0, 0, 0)
    reopen(caption=approved, user=oda, reason="A man is missing.", seen_number=approved.head_number)
    assert counts(approved.clip) == (False, 0, 0, 0)


def test_a_set_counts_what_is_open_and_forgets_what_is_dropped(project: Project, ana: User, rui: User) -> None:
    clip = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip
    first, second = DraftedQAItemFactory(clip=clip), DraftedQAItemFactory(clip=clip, category="interaction")
    assert counts(clip) == (True, 2, 2, 0)
    drop(item=first, user=ana, etag=words_for(first, ana).etag, reason="Cannot be seen.")
    assert counts(clip) == (True, 1, 1, 0)
    assert second.state == State.DRAFTED


def test_a_clip_that_is_held_is_not_ready(project: Project, ana: User, rui: User) -> None:
    clip = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip
    flag_clip(clip=clip, user=ana, reason="static")
    assert counts(clip) == (False, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_are_both_counted(project: Project, ana: User, rui: User) -> None:
    clip = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip
    items = [DraftedQAItemFactory(clip=clip, category=name) for name in ("interaction", "attribute")]
    both = threading.Barrier(2, timeout=10)

    def throw_away(item: object) -> None:
        @in_transaction
        def work() -> None:
            locked = lock(item)  # type: ignore[arg-type]
            both.wait()
            drop(item=locked, user=ana, etag=words_for(locked, ana).etag, reason="Cannot be seen.")

        work()
        connections.close_all()

    threads = [threading.Thread(target=throw_away, args=[item]) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(clip) == (True, 0, 0, 0)
