"""Which questions of other clips a question is held against."""

from typing import Any

import pytest

from annotation.models import Clip, Project, User
from qa.checks import item_flags
from qa.models import QAItem
from qa.services import items, similar_questions
from qa.services.similar_questions import asked_of, asked_of_same_source
from tests.factories import ApprovedCaptionFactory, ClipFactory, DraftedQAItemFactory, ProjectFactory
from tests.qa.scenes import COUNT_QUESTION

TURNED = {**COUNT_QUESTION, "options": ["2", "one time", "Four", "3 times"]}
"""The same options in other words and another order."""


def cut(project: Project, clip_id: str, source_id: str = "video-1") -> Clip:
    clip: Clip = ClipFactory.create(project=project, clip_id=clip_id, source_id=source_id)
    return clip


def asked(clip: Clip, payload: dict[str, Any] = COUNT_QUESTION) -> QAItem:
    return DraftedQAItemFactory(clip=clip, category="count", payload=payload)


def twins(item: QAItem, user: User) -> list[str]:
    """The ids that the check names."""
    words = items.words_for(item, user)
    one = asked_of(item, words.content)
    flags = item_flags(
        category=one.category,
        question=one.question,
        options=one.options,
        elsewhere=asked_of_same_source(item.clip, user),
    )
    return [flag.partner for flag in flags if flag.rule == "same-question-in-source"]


def test_same_question_of_another_cut_is_named(project: Project, ana: User) -> None:
    item, twin = asked(cut(project, "cut-a")), asked(cut(project, "cut-b"), TURNED)
    assert twins(item, ana) == [twin.question_id] == ["cut-b-count-1"]


def test_other_options_other_source_and_no_source_are_fine(project: Project, ana: User) -> None:
    item = asked(cut(project, "cut-a"))
    asked(cut(project, "cut-b"), {**COUNT_QUESTION, "options": ["Once", "Twice", "Three times", "Five times"]})
    asked(cut(project, "cut-c", "video-2"))
    assert twins(item, ana) == []
    bare = asked(cut(project, "bare-a", ""))
    asked(cut(project, "bare-b", ""))
    assert twins(bare, ana) == []


def test_questions_of_the_clip_itself_of_other_projects_and_dropped_ones_are_not_looked_at(
    project: Project, ana: User, rui: User
) -> None:
    item = asked(cut(project, "cut-a"))
    asked(item.clip)
    asked(cut(ProjectFactory.create(slug="other"), "cut-b"))
    dropped = asked(cut(project, "cut-c"))
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=dropped.clip)
    assert twins(item, ana) == [dropped.question_id]
    items.drop(item=dropped, user=ana, etag='"0-0"', reason="asked already")
    assert twins(item, ana) == []


def test_keys_stay_away_and_one_query_gives_no_more_than_the_most(
    project: Project, ana: User, otto: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    here = cut(project, "cut-a")
    for place in range(3):
        asked(cut(project, f"cut-{place}"))
    monkeypatch.setattr(similar_questions, "MOST", 2)
    with django_assert_num_queries(1):
        found = asked_of_same_source(here, ana)
    assert [(one.id, one.key) for one in found] == [("cut-0-count-1", None), ("cut-1-count-1", None)]
    assert asked_of_same_source(here, otto) == ()
