"""Where keys stand in a release: even enough, or the salt moves and says so."""

import pytest

from annotation.models import Project, User
from qa.models import QAItem, ReleaseItem
from qa.releases import key_balance
from qa.releases.key_balance import KeyBalance, balance_of
from qa.services.releases import freeze_release
from tests.qa.scene import finish_clip


# Critical values of chi-square with three degrees of freedom: 7.815 at 0.05, 11.345 at 0.01, 16.266 at 0.001.
@pytest.mark.parametrize(
    ("positions", "p_value"),
    [
        ((25, 25, 25, 25), 1.0),
        ((0, 0, 0, 0), 1.0),
        ((40, 20, 20, 20), 0.0074),  # square 12
        ((10, 20, 30, 40), 0.00017),  # square 20
        ((30, 20, 25, 25), 0.5724),  # square 2
    ],
)
def test_p_values_are_those_of_the_tables(positions: tuple[int, ...], p_value: float) -> None:
    assert KeyBalance(positions).p_value == pytest.approx(p_value, rel=0.01)


@pytest.mark.parametrize(
    ("positions", "is_uneven"),
    [
        ((43, 19, 19, 19), True),  # p 0.0006
        ((41, 20, 20, 19), False),  # p 0.003
        ((45, 18, 18, 18), False),  # 99 questions
    ],
)
def test_keys_are_uneven_from_a_hundred_questions_on(positions: tuple[int, ...], is_uneven: bool) -> None:
    assert KeyBalance(positions).is_uneven is is_uneven


@pytest.fixture
def two_questions(project: Project, ana: User, rui: User, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two approved questions; two keys in one place are uneven already (p 0.11), in two places they are not (0.57)."""
    for clip_id in ("clip-a", "clip-b"):
        finish_clip(project, author=ana, reviewer=rui, clip_id=clip_id)
    monkeypatch.setattr(key_balance, "LEAST_QUESTIONS", 2)
    monkeypatch.setattr(key_balance, "LEAST_P", 0.3)
    return project


def salt_of(project: Project, *, uneven: bool) -> str:
    """One with which both keys stand in one place, or in two."""
    rows = list(QAItem.objects.filter(clip__project=project).values_list("question_id", "approved_revision__content"))
    return next(salt for salt in map(str, range(1000)) if (2 in balance_of(rows, salt=salt).positions) is uneven)


@pytest.mark.parametrize("uneven", [True, False])
def test_the_salt_moves_only_where_keys_stand_unevenly(two_questions: Project, adam: User, uneven: bool) -> None:
    begun = salt_of(two_questions, uneven=uneven)
    Project.objects.filter(pk=two_questions.pk).update(release_salt=begun)
    release = freeze_release(project=two_questions, version="1.0.0", notes="", actor=adam)
    two_questions.refresh_from_db()
    assert two_questions.release_salt == release.salt
    assert (release.salt != begun) is uneven
    assert release.salt.partition("+")[0] == begun
    assert sorted(release.key_positions) == [0, 0, 1, 1]
    told = [question["answer_index"] for item in release.items.all() for question in item.content["qa"]]
    assert [release.key_positions[place] for place in told] == [1, 1]
    assert ReleaseItem.objects.count() == 2  # what was tried before is rolled back


def test_the_next_release_keeps_the_salt_that_was_found(two_questions: Project, adam: User) -> None:
    Project.objects.filter(pk=two_questions.pk).update(release_salt=salt_of(two_questions, uneven=True))
    first = freeze_release(project=two_questions, version="1.0.0", notes="", actor=adam)
    second = freeze_release(project=two_questions, version="1.1.0", notes="", actor=adam)
    assert first.salt == second.salt
    assert first.digest == second.digest
