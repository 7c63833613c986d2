"""What nobody may judge is listed for administrators with the reason, and nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from annotation.models import Caption, Project, User
from annotation.services import leases
from annotation.services.captions import save, submit
from annotation.services.reviews import return_to_author
from annotation.services.stuck import nobody_may_judge
from annotation.states import State
from annotation.transactions import in_transaction
from annotation.workflow import move
from qa.models import QAItem
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory, SubmittedCaptionFactory
from tests.qa.scenes import answer_all, approved_clip, fresh, submitted_item

QUEUE = "/projects/demo/queue/"


def reasons(project: Project) -> list[tuple[str, str, str]]:
    return [(one.what, one.clip_id, one.reason) for one in nobody_may_judge(project)]


def caption_of(project: Project, clip_id: str, *authors: User) -> Caption:
    """Each of the authors wrote a revision of it; the last handed it in."""
    caption = DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id=clip_id))
    for number, author in enumerate(authors):
        words: dict[str, Any] = {"text": f"{TEXT} {number}.", "people": PEOPLE}
        save(caption=caption, user=author, etag=f'"{number}-0"', **words)
        leases.release(unit=caption, user=author)
    submit(caption=caption, user=authors[-1], etag=f'"{len(authors)}-0"', **words)
    return Caption.objects.for_review_page().get(pk=caption.pk)


@in_transaction
def force(subject: Caption | QAItem, verb: str, by: User) -> None:
    """As the verdicts that lead there would."""
    move(subject, verb, actor=by, revision=subject.head)


def test_a_caption_that_all_reviewers_wrote_is_listed_with_their_names(
    project: Project, ana: User, rui: User, oda: User
) -> None:
    caption_of(project, "a", rui, oda)
    caption_of(project, "b", oda)
    caption_of(project, "c", ana)
    assert reasons(project) == [
        ("Caption", "a", "Oda Lind and Rui Tavares wrote part of it; there is no other reviewer.")
    ]


def test_a_reviewer_who_joins_or_an_administrator_can_review_it(
    project: Project, rui: User, request: pytest.FixtureRequest
) -> None:
    caption_of(project, "a", rui)
    assert reasons(project) == [("Caption", "a", "Rui Tavares wrote part of it; there is no other reviewer.")]
    request.getfixturevalue("adam")
    assert reasons(project) == []


def test_a_project_without_a_reviewer_says_so_and_the_former_one_is_not_named(
    project: Project, ana: User, rui: User
) -> None:
    SubmittedCaptionFactory(project=project, author=ana, clip=ClipFactory.create(project=project, clip_id="a"))
    assert reasons(project) == []
    rui.memberships.update(is_active=False)
    assert reasons(project) == [("Caption", "a", "This project has no reviewer.")]


def test_a_caption_that_its_reviewers_have_judged_says_how_many_are_asked_for(
    project: Project, ana: User, rui: User
) -> None:
    Project.objects.update(reviews_per_caption=2)
    project.refresh_from_db()
    caption = caption_of(project, "a", ana)
    return_to_author(caption=caption, reviewer=rui, seen_number=1, reason="Which leg?")
    caption.refresh_from_db()
    if caption.state == State.EDITING:  # the same revision again, as if a second verdict were still to come
        force(caption, "submit", ana)
    said = "Rui Tavares judged it already; 2 are asked for; there is no other reviewer."
    assert reasons(project) == [("Caption", "a", said)]


def test_questions_are_listed_by_clip_and_only_if_nothing_of_them_can_be_judged(
    project: Project, ana: User, rui: User
) -> None:
    first, second = (approved_clip(project, author=ana, reviewer=rui) for _ in range(2))
    submitted_item(first, rui)
    submitted_item(second, rui)
    submitted_item(second, ana, category="count")
    assert reasons(project) == [
        ("Questions", first.clip_id, "Rui Tavares wrote part of it; there is no other reviewer.")
    ]


def test_a_dispute_waits_for_somebody_who_is_no_party_to_it(
    project: Project, ana: User, rui: User, oda: User, request: pytest.FixtureRequest
) -> None:
    """Oda is the only adjudicator: she wrote a, answered b's question, and has nothing to do with c."""
    own, foreign = caption_of(project, "a", oda), caption_of(project, "c", ana)
    clip = approved_clip(project, author=ana, reviewer=rui)
    item = submitted_item(clip, ana)
    answer_all(clip, oda)
    for subject in (own, foreign, fresh(item)):
        force(subject, "dispute", rui)
    assert reasons(project) == [
        ("Disputed caption", "a", "Oda Lind wrote part of it; there is no other adjudicator."),
        ("Disputed question", clip.clip_id, "Oda Lind judged it already; there is no other adjudicator."),
    ]
    request.getfixturevalue("adam")
    assert reasons(project) == []


def test_a_verdict_on_earlier_words_keeps_nobody_away(project: Project, ana: User, rui: User, oda: User) -> None:
    """Oda returned the first revision; she may settle the dispute over the second, and review it."""
    caption = caption_of(project, "a", ana)
    return_to_author(caption=caption, reviewer=oda, seen_number=1, reason="Which leg?")
    submit(caption=caption, user=ana, etag='"1-0"', text=f"{TEXT} Left.", people=PEOPLE)
    rui.memberships.update(is_active=False)
    assert reasons(project) == []
    caption = Caption.objects.for_review_page().get(pk=caption.pk)
    force(caption, "dispute", rui)
    assert reasons(project) == []


def test_only_administrators_see_the_list_and_it_costs_the_same_for_one_and_for_ten(
    project: Project, rui: User, ana: User, adam: User, client_of: Callable[[User], Client]
) -> None:
    """Adam has written part of each, so that nobody is left."""
    caption_of(project, "a0", rui, adam)
    client = client_of(adam)
    client.get(QUEUE)
    with CaptureQueriesContext(connection) as one:
        page = strip_tags(client.get(QUEUE).content.decode())
    assert "Adam Berg and Rui Tavares wrote part of it; there is no other reviewer." in page
    for number in range(1, 10):
        caption_of(project, f"a{number}", rui, adam)
    with CaptureQueriesContext(connection) as ten:
        assert client.get(QUEUE).content.decode().count("wrote part of it") == 10
    assert len(one) == len(ten)
    assert "Nobody left to judge" not in client_of(ana).get(QUEUE).content.decode()
