"""Agreement and the figures of people, from rows that the services made."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.intervals import Share
from annotation.models import Caption, CaptionLease, Clip, LeaseEnd, LeaseWork, Membership, Project, Role, User
from annotation.services import captions, leases
from annotation.services import reviews as caption_reviews
from annotation.services.captions import note_opening
from qa.agreement import Agreement
from qa.categories import Category
from qa.models import QAItem
from qa.services import items, reviews
from qa.services.figures import Verdicts, agreement_of, figures_of, figures_of_everybody
from tests.factories import DraftedCaptionFactory, MembershipFactory, SubmittedCaptionFactory, UserFactory
from tests.qa.scenes import (
    answer_all,
    answer_three,
    approve_all,
    approved_clip,
    choose,
    content_of,
    etags,
    fresh,
    off_all_desks,
    saved_item,
    three_questions,
)


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def questions(clip: Clip, ana: User) -> list[QAItem]:
    return three_questions(clip, ana)


@pytest.fixture
def answered(questions: list[QAItem], rui: User, oda: User, adam: User) -> list[QAItem]:
    answer_three(questions, rui, oda, adam)
    return questions


def near(value: float) -> Any:
    return pytest.approx(value)


NOTHING = Agreement(0, 0, Share(0, 0), Share(0, 0), None)


def test_agreement_is_over_letters_by_category_and_pooled(project: Project, answered: list[QAItem], rui: User) -> None:
    approve_all(answered, rui)
    found = agreement_of(project)
    assert list(found.blind.by_category) == Category.values
    # Action Sequence: AAB and DAD; A 3, B 1, D 2, n 6. Observed (9 - 5) / 2 = 2 each, 4; expected 36 - 14 = 22.
    # alpha 1 - 5 · 4 / 22 = 2 / 22 (over ids, o1 o1 o2 and o1 o4 o1, it would be 1 - 20 / 18). Pairs 1 of 3 each.
    sequence = found.blind.by_category["action_sequence"]
    assert sequence == Agreement(2, 2, Share(4, 6), Share(2, 6), near(2 / 22))
    # Count: one question that is not unanimous, 0.
    assert found.blind.by_category["count"] == Agreement(1, 1, Share(2, 3), Share(1, 3), 0.0)
    assert found.blind.by_category["attribute"] == NOTHING
    # All: A 3, B 3, D 2, cannot tell 1, n 9. Observed 6; expected 81 - (9 + 9 + 4 + 1) = 58; 1 - 8 · 6 / 58 = 10 / 58.
    assert found.blind.pooled == Agreement(3, 3, Share(6, 9), Share(3, 9), near(10 / 58))
    assert found.opened.pooled == NOTHING


def test_who_had_opened_the_caption_counts_apart_and_makes_no_pair_with_blind_answers(
    project: Project, questions: list[QAItem], rui: User, oda: User, adam: User
) -> None:
    note_opening(caption=questions[0].clip.caption, user=adam)
    choose(questions, rui, "o1", "o1", "o2")
    choose(questions, oda, "o1", "o4", "cannot_tell")
    choose(questions, adam, "o2", "o1", "o2")
    approve_all(questions, rui)
    found = agreement_of(project)
    # Blind: AA, DA, B and cannot tell. n 6: A 3, B 1, D 1, tell 1. Observed 0 + 2 + 2; expected 36 - 12; 1 - 5 · 4 / 24
    assert found.blind.pooled == Agreement(3, 3, Share(4, 6), Share(1, 3), near(1 / 6))
    assert found.opened.pooled == Agreement(3, 0, Share(2, 3), Share(0, 0), None)
    assert (figures_of(project, adam).blind, figures_of(project, adam).opened) == (Share(0, 0), Share(2, 3))
    assert figures_of(project, adam).pairs == Share(0, 0)
    assert figures_of(project, rui).pairs == Share(1, 3)


def everything_of(project: Project) -> object:
    return agreement_of(project), figures_of_everybody(project)


def test_questions_that_are_not_decided_are_in_no_figure(
    project: Project, questions: list[QAItem], rui: User, oda: User, adam: User
) -> None:
    before = everything_of(project)
    choose(questions, rui, "o1", "o1", "o2")
    choose(questions, adam, "o2", "o2", "o1")
    assert everything_of(project) == before
    reviews.return_to_author(item=questions[0], reviewer=rui, seen_number=1, reason="no")
    assert everything_of(project) == before
    reviews.approve(item=questions[1], reviewer=rui, seen_number=2)
    assert everything_of(project) == before
    off_all_desks(questions[1].clip)
    reviews.approve(item=questions[1], reviewer=adam, seen_number=2)
    assert agreement_of(project).blind.pooled.questions == 1


def test_dropped_questions_count(project: Project, answered: list[QAItem], oda: User) -> None:
    items.withdraw_unit(clip=answered[2].clip, user=oda)
    etag = items.words_for(answered[2], oda).etag
    items.drop(item=answered[2], user=oda, etag=etag, reason="cannot be told from the video")
    assert agreement_of(project).blind.by_category["count"].accuracy == Share(2, 3)


def test_answers_to_two_revisions_of_a_question_make_no_pair(
    project: Project, questions: list[QAItem], ana: User, rui: User, oda: User
) -> None:
    choose(questions, rui, "o1", "o1", "o2")
    reviews.return_to_author(item=questions[2], reviewer=rui, seen_number=1, reason="no")
    off_all_desks(questions[2].clip)
    again = content_of(questions[2], ana, question="How many times does the bald man jump up?")
    items.save(item=fresh(questions[2]), user=ana, etag='"1-0"', content=again)
    items.submit_unit(clip=questions[0].clip, user=ana, seen=etags(questions[0].clip, ana))
    answer_all(questions[0].clip, oda, "o2")
    reviews.approve(item=fresh(questions[2]), reviewer=oda, seen_number=2)
    assert agreement_of(project).blind.by_category["count"] == Agreement(2, 0, Share(2, 2), Share(0, 0), None)
    assert figures_of(project, rui).pairs == Share(0, 0)
    # Returned once, then approved: both verdicts count now that it is decided.
    assert figures_of(project, ana).question_verdicts == Verdicts(Share(1, 2), Share(0, 2), Share(1, 2))


def test_a_verdict_that_was_taken_back_is_in_no_figure(
    project: Project, questions: list[QAItem], ana: User, rui: User
) -> None:
    choose(questions, rui, "o1", "o1", "o2")
    reviews.return_to_author(item=questions[0], reviewer=rui, seen_number=1, reason="no")
    reviews.undo(item=questions[0], reviewer=rui)
    approve_all(questions, rui)
    assert figures_of(project, ana).question_verdicts == Verdicts(Share(3, 3), Share(0, 3), Share(0, 3))


def test_another_projects_answers_are_not_counted(
    project: Project, answered: list[QAItem], otto: User, rui: User, ana: User
) -> None:
    approve_all(answered, rui)
    other = Membership.objects.get(user=otto).project
    assert agreement_of(other).blind.pooled == NOTHING
    assert [one.member.user for one in figures_of_everybody(other)] == [otto]
    MembershipFactory.create(project=other, user=ana)
    assert (figures_of(other, ana).captions, figures_of(other, ana).questions) == (0, 0)
    assert figures_of(other, ana).question_verdicts.judged == 0


def test_figures_of_whoever_answers(project: Project, answered: list[QAItem], rui: User, oda: User, adam: User) -> None:
    approve_all(answered, rui)
    # Rui and Oda chose the same on the first only, Rui and Adam on the others; Oda and Adam never.
    assert (figures_of(project, rui).blind, figures_of(project, rui).pairs) == (Share(3, 3), Share(3, 6))
    assert (figures_of(project, oda).blind, figures_of(project, oda).pairs) == (Share(1, 3), Share(1, 6))
    assert (figures_of(project, adam).blind, figures_of(project, adam).pairs) == (Share(2, 3), Share(2, 6))


def test_figures_of_whoever_writes(project: Project, answered: list[QAItem], ana: User, rui: User, oda: User) -> None:
    fixed = {
        **fresh(answered[0]).head.content,
        "question": "What does the bald man in the brown T-shirt do just before he jumps?",
    }
    off_all_desks(answered[0].clip)
    reviews.approve(item=answered[0], reviewer=oda, seen_number=1)
    off_all_desks(answered[0].clip)
    reviews.fix_and_approve(item=answered[0], reviewer=rui, seen_number=1, content=fixed)
    approve_all(answered[1:], rui)
    second = SubmittedCaptionFactory(project=project, author=ana)
    caption_reviews.return_to_author(caption=second, reviewer=oda, seen_number=1, reason="Who is it?")
    own = figures_of(project, ana)
    assert (own.captions, own.questions) == (2, 3)
    # The clip's own caption was approved by Rui.
    assert own.caption_verdicts == Verdicts(Share(1, 2), Share(0, 2), Share(1, 2))
    # Somebody missed each, so that two people judged each.
    assert own.question_verdicts == Verdicts(Share(5, 6), Share(1, 6), Share(0, 6))
    assert figures_of(project, rui).question_verdicts.judged == 0
    # Handed in again, it is one caption still.
    again = Caption.objects.for_review_page().get(pk=second.pk)
    words = captions.words_for(again, ana)
    captions.submit(caption=again, user=ana, etag=words.etag, text="Other words.", people=words.content.people)
    assert figures_of(project, ana).captions == 2


def hand_in(project: Project, user: User, *, watched_ms: int, active_ms: list[int]) -> None:
    """A caption of a clip of 2 s; active_ms: of each piece of work on it, the last of which hands it in."""
    caption = DraftedCaptionFactory(project=project)
    said: dict[str, Any] = {"caption": caption, "user": user, "people": []}
    for number, spent in enumerate(active_ms[:-1]):
        captions.save(**said, etag=f'"{number}-0"', text=f"Words {number}.")
        CaptionLease.objects.filter(caption=caption, ended_at=None).update(active_ms=spent)
        leases.release(unit=caption, user=user)
    watched = {"watched": [[0, watched_ms]]}
    captions.submit(**said, etag=f'"{len(active_ms) - 1}-0"', text="Last words.", notes=watched)
    last = CaptionLease.objects.filter(caption=caption).latest("id")
    CaptionLease.objects.filter(pk=last.pk).update(active_ms=active_ms[-1])


def test_medians_are_over_captions_with_all_pieces_of_work_on_one(project: Project, ana: User, rui: User) -> None:
    hand_in(project, ana, watched_ms=2000, active_ms=[60_000, 240_000])
    hand_in(project, ana, watched_ms=1000, active_ms=[120_000])
    own = figures_of(project, ana)
    # Time: 300 s and 120 s, between them 210 s. Watched: 100 % and 50 %.
    assert (own.active_ms, own.watched_percent) == (210_000, 75)
    # Time as a reviewer, of a caption that was reopened and written anew by somebody else, is not time at writing.
    now = timezone.now()
    over: dict[str, Any] = {"leased_at": now, "expires_at": now, "ended_at": now, "ended_how": LeaseEnd.JUDGED}
    reviewed = Caption.objects.earliest("id")
    CaptionLease.objects.create(caption=reviewed, holder=ana, work=LeaseWork.REVIEW, active_ms=900_000, **over)
    assert figures_of(project, ana) == own
    hand_in(project, ana, watched_ms=1800, active_ms=[1_000_000])
    own = figures_of(project, ana)
    assert (own.active_ms, own.watched_percent) == (300_000, 90)
    assert (figures_of(project, rui).active_ms, figures_of(project, rui).watched_percent) == (None, None)


def test_everybody_stands_by_name_with_the_same_figures_as_alone(
    project: Project, answered: list[QAItem], ana: User, rui: User, oda: User, adam: User
) -> None:
    approve_all(answered, rui)
    zoe = UserFactory.create(username="a-zoe", first_name="Zoe", last_name="Abel")
    MembershipFactory.create(project=project, user=zoe, is_active=False)
    Membership.objects.filter(user=ana).update(is_active=False)
    everybody = figures_of_everybody(project)
    assert [one.member.user.username for one in everybody] == ["adam", "ana", "oda", "rui", "a-zoe"]
    assert everybody == [figures_of(project, one.member.user) for one in everybody]


def test_who_never_was_in_the_project_has_no_figures(project: Project, otto: User) -> None:
    with pytest.raises(Membership.DoesNotExist):
        figures_of(project, otto)


def queries_of(project: Project, person: User) -> list[int]:
    counts = []
    for ask in (
        lambda: agreement_of(project),
        lambda: figures_of_everybody(project),
        lambda: figures_of(project, person),
    ):
        with CaptureQueriesContext(connection) as asked:
            ask()
        counts.append(len(asked))
    return counts


def test_figures_cost_as_many_queries_for_two_as_for_twenty(
    project: Project, clip: Clip, ana: User, rui: User, oda: User
) -> None:
    def more(number: int) -> None:
        for _ in range(number):
            person = UserFactory.create()
            MembershipFactory.create(project=project, user=person, role=Role.REVIEWER)
            item = saved_item(clip, person)
            items.submit_unit(clip=clip, user=person, seen=etags(clip, person))
            for reviewer in (rui, oda):
                answer_all(clip, reviewer)
            reviews.approve(item=fresh(item), reviewer=rui, seen_number=1)
            hand_in(project, person, watched_ms=2000, active_ms=[60_000])

    more(2)
    # Agreement: 1. Figures: members, captions, pairs, questions, right answers, verdicts of captions and of questions.
    assert queries_of(project, ana) == [1, 7, 7]
    more(18)
    assert agreement_of(project).blind.pooled.questions == 20
    assert queries_of(project, ana) == [1, 7, 7]
