"""What is written down of questions that are handed in, and what keeps them from it."""

from typing import Any

import pytest

from annotation.errors import BadInput
from annotation.models import Clip, Project, User
from annotation.states import State
from qa.checks import VERSION
from qa.models import QAItem, QALease, QASubmission
from qa.services import items, sets
from qa.services.history import HistoryBroken, verify_project
from tests.qa.history.test_verify_history import as_superuser
from tests.qa.scenes import approved_clip, etags, fresh, saved_item, submitted_item

BLOCKED: dict[str, Any] = {
    "question": "How many times does Subject 2 jump?",
    "options": ["Once", "Twice", "Three times", "Four times"],
    "answer_index": 1,
}
LABEL = "form:subject-label"


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def blocked(clip: Clip, ana: User) -> QAItem:
    return saved_item(clip, ana, category="count", payload=BLOCKED)


def submit(clip: Clip, user: User, **more: Any) -> list[QAItem]:
    return items.submit_unit(clip=clip, user=user, seen=etags(clip, user), **more)


def test_handing_in_writes_down_who_what_and_how_much_was_watched(clip: Clip, ana: User) -> None:
    first, second = saved_item(clip, ana), saved_item(clip, ana, category="interaction")
    sets.keep_or_take(clip, ana)
    QALease.objects.filter(qa_set__clip=clip, ended_at=None).update(active_ms=1234)
    submit(clip, ana, watched=[[0, 500], [400, 1000]])  # 1,000 of 2,000 ms
    rows = list(QASubmission.objects.select_related("revision"))
    assert [row.item for row in rows] == [second, first]  # in the order of Table 1
    assert [(row.revision.number, row.submitter) for row in rows] == [(1, ana)] * 2
    assert {(row.watched_percent, row.active_ms, row.checks_version) for row in rows} == {(50, 1234, VERSION)}


def test_a_flag_that_blocks_keeps_all_from_being_handed_in(clip: Clip, ana: User, blocked: QAItem) -> None:
    fine = saved_item(clip, ana)
    useless: list[Any] = [{}, {blocked.question_id: {LABEL: "  "}}, {fine.question_id: {LABEL: "of another"}}]
    for reasons in [*useless, {blocked.question_id: {"form:another-rule": "x"}}]:
        with pytest.raises(BadInput) as refusal:
            submit(clip, ana, reasons=reasons)
        assert list(refusal.value.detail["fields"]) == [blocked.question_id]
        assert "“Subject 2” in the question is a label" in refusal.value.message
    assert (fresh(fine).state, fresh(blocked).state) == (State.EDITING, State.EDITING)
    assert not QASubmission.objects.exists()


def test_a_flag_that_blocks_goes_in_with_a_reason_that_stays(clip: Clip, ana: User, blocked: QAItem) -> None:
    submit(clip, ana, reasons={blocked.question_id: {LABEL: " Her shirt says so. "}})
    (flag,) = QASubmission.objects.get().flags
    assert (flag["rule"], flag["blocks"], flag["override"]) == (LABEL, True, "Her shirt says so.")
    assert fresh(blocked).state == State.IN_REVIEW


@pytest.mark.parametrize(
    "reasons", [[], "x", {"q": "x"}, {"q": {"rule": 1}}, {"q": {"rule": "x" * 501}}, {"q": {"rule": "\x00"}}]
)
def test_reasons_of_another_shape_are_refused(clip: Clip, ana: User, blocked: QAItem, reasons: object) -> None:
    with pytest.raises(BadInput) as refusal:
        submit(clip, ana, reasons=reasons)
    assert list(refusal.value.detail["fields"]) == ["reasons"]


def test_less_than_the_projects_floor_of_watching_is_refused(project: Project, clip: Clip, ana: User) -> None:
    item = saved_item(clip, ana)
    Project.objects.filter(pk=project.pk).update(watch_floor_percent=60)
    for watched in ([], [[0, 1180]], [[5000, 9000]], "x", [[1]]):  # 1,180 of 2,000 ms are 59 %
        with pytest.raises(BadInput) as refusal:
            submit(clip, ana, watched=watched)
        assert list(refusal.value.detail["fields"]) == ["watched"]
    assert fresh(item).state == State.EDITING
    submit(clip, ana, watched=[[0, 1200]])
    assert QASubmission.objects.get().watched_percent == 60


def test_verify_history_holds_and_names_a_submission_that_was_changed(project: Project, clip: Clip, ana: User) -> None:
    submitted_item(clip, ana)
    assert verify_project(project).counts["submissions"] == 2  # of the caption and of the question
    as_superuser("UPDATE qa_qasubmission SET watched_percent = 100")
    with pytest.raises(HistoryBroken, match=r"^qa_qasubmission \d+ "):
        verify_project(project)
