"""Many people ask for questions in the same moment: nobody is given what somebody else has."""

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from annotation.models import Clip, Project, Role, User
from annotation.services.queue import Nothing, Offer, next_unit
from qa.models import QALease
from qa.services import items
from tests.factories import ApprovedCaptionFactory, ClipFactory, DraftedQAItemFactory, MembershipFactory
from tests.qa.scenes import content_of, etags

PEOPLE, SETS = 8, 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("work", ["edit", "review"])
def test_eight_people_who_ask_at_once_for_six_sets_get_six(project: Project, ana: User, rui: User, work: str) -> None:
    for number in range(SETS):
        clip = ClipFactory.create(project=project, clip_id=f"c{number}")
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
        item = DraftedQAItemFactory(clip=clip)
        if work == "review":
            hand_in(item.clip_id, ana)
    people = [MembershipFactory.create(project=project, role=Role.REVIEWER).user for _ in range(PEOPLE)]
    both, problems = threading.Barrier(PEOPLE, timeout=20), list[str]()
    told: list[tuple[int, Offer | Nothing]] = []

    def ask(user: User) -> None:
        try:
            both.wait()
            asked: dict[str, Any] = {"project": project, "user": user, "kind": "questions", "work": work}
            told.extend((user.pk, next_unit(**asked)) for _ in range(2))  # asking again gives the same
        except Exception as error:
            problems.append(repr(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    given = {(pk, offer.clip_id) for pk, offer in told if not isinstance(offer, Nothing)}
    assert sorted(clip_id for _, clip_id in given) == [f"c{number}" for number in range(SETS)]
    assert set(Counter(pk for pk, _ in given).values()) == {1}
    assert QALease.objects.filter(work=work, ended_at=None).count() == SETS
    assert {offer.why for _, offer in told if isinstance(offer, Nothing)} == {"all_leased"}


def hand_in(clip_pk: int, author: User) -> None:
    clip = Clip.objects.select_related("project").get(pk=clip_pk)
    item = clip.qa_items.get()
    items.save(item=item, user=author, etag='"0-0"', content=content_of(item, author))
    items.submit_unit(clip=clip, user=author, seen=etags(clip, author))
