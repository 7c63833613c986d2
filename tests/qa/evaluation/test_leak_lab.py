"""Measuring questions: the planted set is sorted, thresholds are exact, and measuring again changes nothing."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from annotation.intervals import Share
from annotation.models import Project, User
from annotation.services.captions import reopen as reopen_caption
from qa.evaluation.leak_lab import answers_in, moved_by_revision, standing_items, told_now, told_of_release, words_now
from qa.evaluation.leak_measures import MEASURES, Points, Tally, Told, Verdict, suspicions, verdict_of
from qa.models import CountedStatistics, LeakFlag, LeakSettings, QAItem, Setting
from qa.services import leak_lab
from qa.services.items import reopen
from qa.services.leak_lab import decide, last_measured, measure, open_flags, sweep_leaks
from qa.services.releases import freeze_release
from qa.services.run_figures import count_run
from tests.qa.evaluation.given import approve_again, approved_questions, given_answers, given_run
from tests.qa.scenes import fresh

BLIND, READ = Setting.BLIND, Setting.HUMAN_CAPTIONS
# Right blind, of how many; wrong from the caption, of how many. The thresholds are 60 and 50 percent.
LEAKING = [
    (3, 5, 0, 3),  # 60 percent exactly
    (6, 10, 0, 3),
    (61, 100, 0, 3),
    (2, 3, 0, 3),  # 66.7, with as few answers as are needed
    (3, 3, 0, 3),
    (10, 10, 1, 3),
    (9, 15, 49, 99),  # 60 exactly, and the caption just below its threshold
    (4, 5, 3, 3),  # the caption fails as well: leaking comes first
    (3, 5, 2, 4),  # both exactly at their thresholds
    (7, 11, 0, 4),  # 63.6
]
NOT_IN_CAPTION = [
    (0, 5, 2, 4),  # 50 percent exactly
    (1, 4, 3, 6),
    (0, 3, 2, 3),
    (2, 4, 3, 3),  # half of the blind answers: below 60
    (59, 100, 50, 100),  # one answer below
    (5, 9, 2, 3),  # 55.6
    (2, 2, 2, 3),  # all right blind, but too few answers to say so
    (10, 17, 51, 100),  # 58.8
    (0, 0, 2, 4),  # never asked blind
    (16, 27, 3, 5),  # 59.3
]
SOUND = [
    (59, 100, 49, 100),
    (0, 3, 0, 3),
    (1, 3, 1, 3),
    (4, 7, 1, 4),  # 57.1
    (10, 17, 3, 7),  # 58.8; 42.9
    (13, 22, 2, 5),  # 59.1
    (1, 4, 24, 49),  # 48.98
    (5, 9, 1, 3),
    (29, 49, 33, 67),  # 59.2; 49.3
    (2, 4, 4, 9),  # 50; 44.4
]


@pytest.fixture
def questions(project: Project, ana: User, rui: User) -> list[QAItem]:
    return approved_questions(project, author=ana, reviewer=rui, number=3, clip_id="clip-a")


def test_a_planted_set_is_sorted_thirty_of_thirty(project: Project, ana: User, rui: User) -> None:
    """The numbers above are spread over two models and, where they hold more than ten tries, over imports."""
    planted = {
        Verdict.LEAKING: LEAKING,
        Verdict.NOT_IN_CAPTION: NOT_IN_CAPTION,
        Verdict.SOUND: SOUND,
    }
    runs = {
        (setting, model): given_run(project, setting, model=model)
        for setting in (BLIND, READ)
        for model in ("model-a", "model-b")
    }
    expected: dict[str, Verdict] = {}
    for place, (verdict, rates) in enumerate(planted.items()):
        made = approved_questions(project, author=ana, reviewer=rui, number=len(rates), clip_id=f"clip-{place}")
        for item, (right, blind, wrong, read) in zip(made, rates, strict=True):
            expected[item.question_id] = verdict
            for setting, hits, answers in ((BLIND, right, blind), (READ, read - wrong, read)):
                first, half = runs[setting, "model-a"], hits // 2
                given_answers(first, item, right=half, unparsed=(answers - hits) % 2)
                second = runs[setting, "model-b"]
                given_answers(second, item, right=hits - half, wrong=answers - hits - (answers - hits) % 2)
    settings = LeakSettings(project=project)
    told = told_now(project)
    revisions = QAItem.objects.values_list("question_id", "approved_revision")
    found = {question_id: verdict_of(told[pk or 0], settings) for question_id, pk in revisions.order_by("pk")}
    assert {one for one in expected if found[one] != expected[one]} == set()
    assert [list(found.values()).count(one) for one in planted] == [10, 10, 10]

    measured = measure(project)
    assert measured.flagged["blind"] == sorted(one for one, is_ in expected.items() if is_ is Verdict.LEAKING)
    # (4, 5, 3, 3) and (3, 5, 2, 4) leak, and their captions fail too.
    assert len(measured.flagged["caption_failure"]) == 12
    assert (measured.questions, measured.answered, measured.open) == (30, 30, 22)
    assert LeakFlag.objects.count() == 22


@given(hits=st.integers(0, 400), more=st.integers(0, 400), threshold=st.integers(1, 100), least=st.integers(1, 20))
def test_a_share_is_over_exactly_from_its_threshold_on(hits: int, more: int, threshold: int, least: int) -> None:
    """Against division without a remainder: hits of answers reach p percent as soon as the rounded-up p percent do."""
    answers = hits + more
    settings = LeakSettings(least_answers=least, blind_percent=threshold)
    told = Told((Tally(BLIND, "m", answers, hits),))
    needed = -(-threshold * answers // 100)
    assert bool(suspicions(told, settings)) == (answers >= least and hits >= needed)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=30))
def test_models_and_tries_count_alike(answers: list[tuple[str, bool]]) -> None:
    tallies = tuple(Tally(BLIND, model, 1, int(is_right)) for model, is_right in answers)
    assert MEASURES["blind"].read(Told(tallies)) == Share(sum(right for _, right in answers), len(answers))


def test_nothing_is_flagged_without_answers(project: Project, questions: list[QAItem]) -> None:
    LeakSettings.objects.create(project=project, least_answers=0, blind_percent=0)
    assert suspicions(Told(), LeakSettings(least_answers=0, blind_percent=0)) == []
    assert measure(project).flagged == {"blind": [], "single_frame": [], "order": [], "caption_failure": []}
    assert {verdict_of(one, LeakSettings()) for one in told_now(project).values()} == {Verdict.UNKNOWN}


def test_the_measures_of_one_question_equal_a_hand_computation(project: Project, questions: list[QAItem]) -> None:
    """Worked out beside each line."""
    item = questions[0]
    for setting, model, right, wrong in (
        (Setting.STANDARD, "a", 3, 1),  # 75 percent
        (Setting.STANDARD, "b", 2, 2),  # 50
        (Setting.STANDARD, "c", 4, 0),  # in no other setting
        (BLIND, "a", 1, 3),  # 25
        (BLIND, "b", 3, 1),  # 75
        (Setting.SINGLE_FRAME, "a", 1, 1),  # 50
        (READ, "a", 3, 2),
    ):
        given_answers(given_run(project, setting, model=model), item, right=right, wrong=wrong)
    told = told_now(project)[item.approved_revision_id or 0]
    read = {name: one.read(told) for name, one in MEASURES.items()}
    assert read["blind"] == Share(4, 8)
    assert read["blind_gap"] == Points(Fraction(25), 8)  # 50 - 25
    assert read["visual_gain"] == Points(Fraction(25, 2), 2)  # ((75 - 25) + (50 - 75)) / 2
    assert read["single_frame"] == Share(1, 2)
    assert read["single_frame_gain"] == Points(Fraction(25), 1)  # 75 - 50
    assert read["caption_failure"] == Share(2, 5)
    assert read["order"] == Share(0, 0)


def test_order_compares_a_model_with_itself_and_as_many_frames(project: Project, questions: list[QAItem]) -> None:
    item = questions[0]
    given_answers(given_run(project, Setting.STANDARD), item, choices=["o4"])
    given_answers(given_run(project, Setting.STANDARD), item, choices=["o1", "o2"])  # newer: its first try counts
    given_answers(given_run(project, Setting.STANDARD, model="b"), item, choices=["o3"])
    given_answers(given_run(project, Setting.STANDARD, model="c"), item, choices=[""])
    given_answers(given_run(project, Setting.STANDARD, model="d", frames=64), item, choices=["o1"])
    given_answers(given_run(project, Setting.SHUFFLED), item, choices=["o1", "o1", "o2", "o4", ""])  # 2 of 4 moved
    given_answers(given_run(project, Setting.SHUFFLED, model="b"), item, choices=["o3"])  # stays
    given_answers(given_run(project, Setting.SHUFFLED, model="c"), item, choices=["o2"])  # nothing to compare with
    given_answers(given_run(project, Setting.SHUFFLED, model="d"), item, choices=["o2"])  # 8 frames, not 64
    given_answers(given_run(project, Setting.SHUFFLED), questions[1], choices=["o2"])  # another question
    assert moved_by_revision(answers_in(project), words_now(standing_items(project))) == {
        item.approved_revision_id: Share(2, 5)
    }


def test_measuring_again_changes_nothing(project: Project, questions: list[QAItem]) -> None:
    given_answers(given_run(project, BLIND), questions[0], right=3)
    first = measure(project)
    before = list(LeakFlag.objects.values())
    again = measure(project)
    assert (first.made, again.made, again.removed, again.open) == (1, 0, 0, 1)
    assert list(LeakFlag.objects.values()) == before
    assert before[0]["evidence"] == {
        "hits": 3,
        "answers": 3,
        "percent": 100.0,
        "threshold": 60,
        "runs": [str(project.evaluation_runs.get().uid)],
    }


def test_an_open_flag_follows_its_answers(project: Project, questions: list[QAItem]) -> None:
    run = given_run(project, BLIND)
    given_answers(run, questions[0], right=3)
    measure(project)
    given_answers(run, questions[0], right=1, wrong=1)
    measure(project)
    evidence = LeakFlag.objects.get().evidence
    assert (evidence["hits"], evidence["answers"], evidence["percent"]) == (4, 5, 80.0)
    given_answers(run, questions[0], wrong=2)  # 4 of 7: 57.1 percent
    assert measure(project).removed == 1
    assert not LeakFlag.objects.exists()


def test_what_was_kept_stays_kept_as_it_was_seen(project: Project, questions: list[QAItem], oda: User) -> None:
    run = given_run(project, BLIND)
    given_answers(run, questions[0], right=3)
    measure(project)
    decide(flag=LeakFlag.objects.get(), user=oda, decision="kept", reason="Common sense is meant here.")
    before = LeakFlag.objects.values().get()
    given_answers(run, questions[0], right=5)
    assert measure(project).open == 0
    given_answers(run, questions[0], wrong=9)
    assert measure(project).removed == 0
    assert LeakFlag.objects.values().get() == before


def test_a_returned_question_is_flagged_again_only_in_the_same_words(
    project: Project, questions: list[QAItem], ana: User, rui: User, oda: User
) -> None:
    run = given_run(project, BLIND)
    for item in questions[:2]:
        given_answers(run, item, right=3)
    measure(project)
    for flag in LeakFlag.objects.all():
        decide(flag=flag, user=oda, decision="returned", reason="Everybody knows that.")
    assert (measure(project).open, LeakFlag.objects.filter(decision="returned").count()) == (0, 2)
    changed = {"question": "What does the bald man do just before he jumps on the mat?"}
    approve_again({questions[0]: {}, questions[1]: changed}, author=ana, reviewer=rui)
    assert measure(project).open == 1
    flag = open_flags(project).get()
    assert (flag.item, flag.decided_by, flag.decided_at, flag.reason) == (questions[0], None, None, "")


def test_answers_to_earlier_words_and_captions_do_not_count(
    project: Project, questions: list[QAItem], ana: User, rui: User, oda: User
) -> None:
    item = questions[0]
    given_answers(given_run(project, BLIND), item, right=3)
    reopen(item=item, user=oda, reason="again", seen_number=1)
    assert measure(project).flagged["blind"] == []
    approve_again({item: {"question": "What does he do before he jumps?"}}, author=ana, reviewer=rui)
    item = fresh(item)
    assert measure(project).flagged["blind"] == []
    caption = item.clip.caption.approved_revision
    other = approved_questions(project, author=ana, reviewer=rui, number=1, clip_id="clip-b")[0].caption_revision
    run = given_run(project, READ)
    given_answers(run, item, wrong=3, caption_revision=other)
    assert measure(project).flagged["caption_failure"] == []
    given_answers(run, item, wrong=2, caption_revision=None)
    given_answers(run, item, wrong=1, caption_revision=caption)
    assert measure(project).flagged["caption_failure"] == [item.question_id]
    assert LeakFlag.objects.get().evidence["answers"] == 3


def test_of_a_release_the_frozen_words_are_measured(
    project: Project, questions: list[QAItem], ana: User, rui: User, oda: User, adam: User
) -> None:
    item, frozen = questions[0], questions[0].approved_revision_id or 0
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    given_answers(given_run(project, BLIND, release=release), item, right=3)
    given_answers(given_run(project, READ, release=release), item, right=3)
    reopen(item=item, user=oda, reason="again", seen_number=1)
    assert frozen not in told_now(project)
    told = told_of_release(release)
    assert len(told) == 3
    assert verdict_of(told[frozen], LeakSettings()) is Verdict.LEAKING


def test_a_flag_waits_while_its_question_does_not_stand(project: Project, questions: list[QAItem], oda: User) -> None:
    given_answers(given_run(project, BLIND), questions[0], right=3)
    measure(project)
    reopen_caption(caption=questions[0].clip.caption, user=oda, reason="look again", seen_number=1)
    measured = measure(project)
    assert (measured.questions, measured.open, measured.removed) == (0, 0, 0)
    assert LeakFlag.objects.count() == 1


def test_another_projects_runs_and_questions_do_not_count(
    project: Project, questions: list[QAItem], otto: User
) -> None:
    elsewhere = Project.objects.get(slug="elsewhere")
    given_answers(given_run(elsewhere, BLIND), questions[0], right=5)
    assert measure(project).flagged["blind"] == []
    assert measure(elsewhere).flagged["blind"] == []


def test_measuring_asks_as_often_for_many_answers_as_for_few(project: Project, questions: list[QAItem]) -> None:
    def queries(item: QAItem) -> int:
        given_answers(given_run(project, BLIND), item, right=3)
        given_answers(given_run(project, READ), item, wrong=3)
        with CaptureQueriesContext(connection) as asked:
            measure(project)
        return len(asked)

    queries(questions[0])
    assert queries(questions[1]) == queries(questions[2])


def test_the_command_prints_counts_and_ids(
    project: Project, questions: list[QAItem], capsys: pytest.CaptureFixture[str]
) -> None:
    given_answers(given_run(project, BLIND), questions[1], right=3)
    call_command("leak_lab", project="demo")
    said = capsys.readouterr().out
    assert "3 questions, 1 with answers" in said
    assert "blind: 1" in said
    assert f"  {questions[1].question_id}" in said
    assert "order: 0" in said
    assert "1 to be decided (1 new, 0 taken back)" in said


def test_the_sweep_measures_once_what_was_counted_and_is_quiet(
    project: Project, questions: list[QAItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = given_run(project, Setting.BLIND)
    given_answers(run, questions[0], right=3)
    count_run(run)
    sweep_leaks()
    assert last_measured(project) is None, "answers may still come"
    monkeypatch.setattr(leak_lab, "QUIET", timedelta(0))
    sweep_leaks()
    measured = last_measured(project)
    assert measured is not None
    assert LeakFlag.objects.get().item == questions[0]
    sweep_leaks()
    assert last_measured(project) == measured
    assert measured.counted_at == CountedStatistics.objects.get(name=leak_lab.HABITS).counted_at
    given_answers(run, questions[1], right=3)
    count_run(run)
    sweep_leaks()
    assert LeakFlag.objects.count() == 2
