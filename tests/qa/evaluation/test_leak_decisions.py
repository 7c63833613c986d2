"""Deciding flags: kept, returned, by whom, and what a release asks for."""

from typing import Any

import pytest

from annotation.errors import BadInput, MoveNotAllowed, NotVisible, OwnWork, RightMissing, Sealed, StaleRevision
from annotation.models import Event, Project, User
from annotation.states import State
from qa.models import LeakFlag, LeakSettings, QAItem, Setting
from qa.releases.gate import InTheWay, conditions_in_the_way
from qa.services.leak_lab import change_settings, decide, flag_of, measure, open_flags
from qa.services.releases import freeze_release
from tests.qa.evaluation.given import approved_questions, given_answers, given_run
from tests.qa.scenes import fresh, saved_item, submit_all

NUMBERS: dict[str, Any] = {
    "probe_tries": 3,
    "least_answers": 3,
    "blind_percent": 60,
    "single_frame_percent": 100,
    "order_percent": 50,
    "caption_failure_percent": 50,
}


@pytest.fixture
def questions(project: Project, ana: User, rui: User) -> list[QAItem]:
    return approved_questions(project, author=ana, reviewer=rui, number=2, clip_id="clip-a")


@pytest.fixture
def flag(project: Project, questions: list[QAItem]) -> LeakFlag:
    """The first question is right without the video, three times of three."""
    given_answers(given_run(project, Setting.BLIND), questions[0], right=3)
    measure(project)
    return LeakFlag.objects.get()


def test_a_reviewer_keeps_a_question(flag: LeakFlag, rui: User) -> None:
    decide(flag=flag, user=rui, decision="kept", reason="Common sense is meant.", seen_answers=3)
    kept = LeakFlag.objects.get()
    assert (kept.decision, kept.reason, kept.decided_by) == ("kept", "Common sense is meant.", rui)
    assert kept.decided_at is not None
    assert fresh(flag.item).state == State.APPROVED


def test_an_adjudicator_returns_a_question_to_its_author(flag: LeakFlag, oda: User) -> None:
    decide(flag=flag, user=oda, decision="returned", reason="Everybody knows that.")
    assert fresh(flag.item).state == State.EDITING
    event = Event.objects.filter(object_id=flag.item.object_id).latest("id")
    assert (event.verb, event.actor) == ("reopen", oda)
    assert event.reason == "Right without the video: Everybody knows that."
    assert LeakFlag.objects.get().decision == "returned"


@pytest.mark.parametrize("decision", ["kept", "returned"])
def test_who_may_not_is_refused_and_nothing_changes(
    flag: LeakFlag, ana: User, rui: User, otto: User, decision: str
) -> None:
    before = LeakFlag.objects.values().get()
    for user in (ana, otto) if decision == "kept" else (ana, otto, rui):
        with pytest.raises(RightMissing):
            decide(flag=flag, user=user, decision=decision, reason="I want to.")
    assert LeakFlag.objects.values().get() == before
    assert fresh(flag.item).state == State.APPROVED


def test_nobody_decides_on_their_own_words(project: Project, rui: User, oda: User) -> None:
    (own,) = approved_questions(project, author=oda, reviewer=rui, number=1, clip_id="clip-o")
    given_answers(given_run(project, Setting.BLIND), own, right=3)
    measure(project)
    for decision in ("kept", "returned"):
        with pytest.raises(OwnWork):
            decide(flag=LeakFlag.objects.get(), user=oda, decision=decision, reason="Mine.")
    assert open_flags(project).count() == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"decision": "dropped", "reason": "x"}, "decision"),
        ({"decision": "", "reason": "x"}, "decision"),
        ({"decision": ["kept"], "reason": "x"}, "decision"),
        ({"decision": "kept", "reason": " \n"}, "reason"),
        ({"decision": "kept", "reason": "x" * 501}, "reason"),
        ({"decision": "kept", "reason": "a\x00b"}, "reason"),
        ({"decision": "returned", "reason": None}, "reason"),
    ],
)
def test_a_decision_is_one_of_two_and_has_a_reason(flag: LeakFlag, oda: User, said: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        decide(flag=flag, user=oda, **said)
    assert set(refusal.value.detail["fields"]) == {field}
    assert LeakFlag.objects.get().decision == ""


def test_a_flag_is_decided_once(flag: LeakFlag, rui: User, oda: User) -> None:
    decide(flag=flag, user=rui, decision="kept", reason="Fine.")
    for decision in ("kept", "returned"):
        with pytest.raises(MoveNotAllowed):
            decide(flag=flag, user=oda, decision=decision, reason="No.")
    assert (LeakFlag.objects.get().decided_by, fresh(flag.item).state) == (rui, State.APPROVED)


def test_who_saw_other_evidence_looks_again(project: Project, flag: LeakFlag, rui: User) -> None:
    given_answers(given_run(project, Setting.BLIND), flag.item, right=3)
    measure(project)
    with pytest.raises(StaleRevision):
        decide(flag=flag, user=rui, decision="kept", reason="Fine.", seen_answers=3)
    decide(flag=flag, user=rui, decision="kept", reason="Fine.", seen_answers=6)


def test_what_does_not_stand_or_is_gone_is_not_decided(
    project: Project, questions: list[QAItem], flag: LeakFlag, rui: User, oda: User
) -> None:
    with pytest.raises(NotVisible):
        flag_of(questions[1], flag.pk)
    decide(flag=flag, user=oda, decision="returned", reason="Known.")
    LeakFlag.objects.update(decision="", decided_by=None, decided_at=None)
    with pytest.raises(MoveNotAllowed):
        decide(flag=flag, user=rui, decision="kept", reason="Fine.")
    LeakFlag.objects.all().delete()
    with pytest.raises(NotVisible):
        decide(flag=flag, user=rui, decision="kept", reason="Fine.")


def test_who_must_answer_the_clip_blind_decides_nothing_of_it(flag: LeakFlag, ana: User, rui: User) -> None:
    saved_item(flag.item.clip, ana)
    submit_all(flag.item.clip, ana)
    with pytest.raises(Sealed):
        decide(flag=flag, user=rui, decision="kept", reason="Fine.")
    assert LeakFlag.objects.get().decision == ""


def test_a_release_waits_for_open_flags_only_where_it_is_asked_to(
    project: Project, questions: list[QAItem], flag: LeakFlag, oda: User, adam: User
) -> None:
    assert conditions_in_the_way(project) == []
    freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    change_settings(project=project, user=adam, gates=True, **NUMBERS)
    given_answers(given_run(project, Setting.HUMAN_CAPTIONS), questions[1], wrong=3)
    measure(project)
    with pytest.raises(InTheWay) as refusal:
        freeze_release(project=project, version="1.1.0", notes="", actor=adam)
    (condition,) = refusal.value.detail["conditions"]
    assert (condition["name"], condition["count"]) == ("leak_flags", 2)
    assert condition["message"] == "2 approved questions are flagged by the leak lab, and nobody has decided"
    assert condition["items"] == [
        {"id": one.question_id, "url": f"/projects/demo/leak-lab/{one.question_id}"} for one in questions
    ]
    decide(flag=flag, user=oda, decision="returned", reason="Known.")
    (condition,) = [one for one in conditions_in_the_way(project) if one.name == "leak_flags"]
    assert [one.id for one in condition.items] == [questions[1].question_id]
    decide(flag=open_flags(project).get(), user=oda, decision="kept", reason="The caption is short.")
    freeze_release(project=project, version="1.1.0", notes="", actor=adam)


def test_administrators_change_the_settings(project: Project, adam: User, oda: User) -> None:
    with pytest.raises(RightMissing):
        change_settings(project=project, user=oda, gates=True, **NUMBERS)
    assert not LeakSettings.objects.exists()
    change_settings(project=project, user=adam, gates=True, **{**NUMBERS, "blind_percent": 1, "least_answers": 1000})
    found = LeakSettings.objects.get()
    assert (found.gates, found.blind_percent, found.least_answers, found.order_percent) == (True, 1, 1000, 50)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"blind_percent": 0}, "blind_percent"),
        ({"order_percent": 101}, "order_percent"),
        ({"least_answers": 0}, "least_answers"),
        ({"nonsense": 1}, "nonsense"),
        ({"probe_tries": 11}, "probe_tries"),
        ({"probes": "sometimes"}, "probes"),
        ({"probes": "flag", "probe_tries": 2}, "probe_tries"),
        ({"probes": "flag", "probe_model": "nobody's"}, "probe_model"),
    ],
)
def test_a_setting_out_of_range_is_named(project: Project, adam: User, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        change_settings(project=project, user=adam, gates=False, **{**NUMBERS, **changes})
    assert set(refusal.value.detail["fields"]) == {field}


def test_tries_that_nobody_makes_need_not_be_enough(project: Project, adam: User) -> None:
    assert change_settings(project=project, user=adam, gates=False, **{**NUMBERS, "probe_tries": 1}).probe_tries == 1


def test_a_threshold_that_moves_takes_flags_along_but_no_decisions(
    project: Project, questions: list[QAItem], flag: LeakFlag, rui: User, adam: User
) -> None:
    given_answers(given_run(project, Setting.BLIND), questions[1], right=3, wrong=2)
    assert measure(project).open == 2
    decide(flag=flag, user=rui, decision="kept", reason="Fine.")
    change_settings(project=project, user=adam, gates=False, **{**NUMBERS, "least_answers": 6})
    assert measure(project).removed == 1
    assert LeakFlag.objects.get().decision == "kept"


def test_only_administrators_measure_by_hand(project: Project, oda: User, adam: User) -> None:
    with pytest.raises(RightMissing):
        measure(project, actor=oda)
    assert measure(project, actor=adam).questions == 0
