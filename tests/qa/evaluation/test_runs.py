"""Runs against a model on this machine: what each setting shows, what is stored of the replies, what is paid once."""

import json
from typing import Any

import pytest
from django.db.models import Sum

from annotation.caption_format import without_marks
from annotation.drafting.jobs import run_job
from annotation.errors import BadInput, NotVisible, RightMissing
from annotation.models import BudgetAccount, Call, Clip, Draft, Job, JobStatus, Project, Run, User
from annotation.services import captions
from annotation.services import reviews as caption_reviews
from annotation.services.drafting import cancel, pause, resume
from qa.evaluation.settings import NONE_OF_THESE
from qa.models import Answer, AskedQuestion, EvaluationRun, QAItem, Setting, WrittenCaption
from qa.services.evaluation import checked_wish, run_for
from qa.services.items import reopen, save, words_for
from qa.services.releases import freeze_release
from qa.services.reviews import approve
from qa.services.withdrawal import withdraw_clip
from tests.annotation.drafting.conftest import model
from tests.factories import PEOPLE, ClipFactory, ProjectFactory
from tests.model_server import ModelServer
from tests.qa.evaluation.asking import JUDGE, MODEL, answers, asked_run, benchmark, work
from tests.qa.scenes import answer_all, fresh, saved_item, submit_all

__all__ = ["model"]


@pytest.fixture
def clips(project: Project, ana: User, rui: User) -> list[Clip]:
    return benchmark(project, ana=ana, rui=rui)


def started(project: Project, adam: User, setting: str, **more: Any) -> EvaluationRun:
    release = more.pop("release", None)
    named: dict[str, Any] = {"judge": JUDGE} if setting in ("human_captions", "draft_caption") else {"model": MODEL}
    return asked_run(project=project, user=adam, release=release, wish=checked_wish(setting=setting, **named, **more))


def data_of(entry: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry["body"]["messages"][0]["content"][-1]["text"])
    return found


def pictures_in(entry: Any) -> int:
    return sum(block["type"] == "image" for block in entry["body"]["messages"][0]["content"])


def test_each_question_is_answered_once_and_judged_by_its_key(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, lambda data: f"The answer is {'B' if 'times' in data['question'] else 'A'}.")
    run = started(project, adam, "standard", frames=16)
    work(project)
    assert (run.questions, run.frames, Answer.objects.count()) == (10, 16, 10)
    assert len(model.calls()) == 10
    for asked in AskedQuestion.objects.select_related("answer", "revision", "item"):
        key = asked.revision.content["key"]
        said = "B" if "times" in asked.revision.content["question"] else "A"
        assert asked.order[asked.key_index] == key
        assert asked.answer.letter == said
        assert asked.answer.choice == asked.order["ABCD".index(said)]
        assert asked.answer.is_right == (asked.answer.choice == key)
    assert {pictures_in(entry) for entry in model.calls()} == {2}


def test_what_settles_on_nothing_is_wrong_and_counted_apart(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, "I cannot tell.")
    started(project, adam, "blind")
    work(project)
    found = set(Answer.objects.values_list("letter", "choice", "is_right", "reply"))
    assert found == {("", "", False, "I cannot tell.")}
    assert not Job.objects.exclude(status=JobStatus.DONE).exists()


def test_blind_shows_no_video_and_no_caption(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, "A")
    started(project, adam, "blind")
    work(project)
    for entry in model.calls():
        assert set(data_of(entry)) == {"question", "options"}
        assert pictures_in(entry) == 0


def test_every_try_is_a_call_of_its_own(project: Project, adam: User, clips: list[Clip], model: ModelServer) -> None:
    answers(model, "A")
    run = started(project, adam, "blind", tries=3)
    work(project)
    assert len(model.calls()) == 30
    assert Answer.objects.filter(asked__run=run).count() == 30
    assert run.questions == 10


def test_human_captions_are_judged_without_their_time_marks(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, "A")
    run = started(project, adam, "human_captions")
    work(project)
    assert (run.model, run.judge) == ("Human annotated captions", JUDGE)
    for entry in model.calls():
        assert entry["body"]["model"] == JUDGE
        assert pictures_in(entry) == 0
        assert "[00:" not in data_of(entry)["caption"]
    assert Answer.objects.count() == 10


def test_drafted_captions_leave_out_clips_without_a_draft(
    project: Project, adam: User, ana: User, rui: User, clips: list[Clip], model: ModelServer
) -> None:
    bare = ClipFactory.create(project=project, clip_id="bare")
    text = "There is one person in the video, a bald man. He jumps."
    captions.submit(caption=bare.caption, user=ana, etag='"0-0"', text=text, people=PEOPLE)
    caption_reviews.approve(caption=bare.caption, reviewer=rui, seen_number=1)
    saved_item(bare, ana)
    submit_all(bare, ana)
    answer_all(bare, rui)
    approve(item=QAItem.objects.get(clip=bare), reviewer=rui, seen_number=1)
    answers(model, "A")
    run = started(project, adam, "draft_caption")
    work(project)
    assert (run.model, run.questions) == ("Drafted captions", 10)
    drafts = {without_marks(draft.payload["caption"]) for draft in Draft.objects.filter(clip__in=clips, kind="caption")}
    assert {data_of(entry)["caption"] for entry in model.calls()} == drafts
    assert not AskedQuestion.objects.filter(clip=bare).exists()


def test_a_model_describes_each_clip_once_and_the_judge_answers_from_that(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, lambda data: "A" if "question" in data else "A man does something.")
    run = started(project, adam, "caption", judge=JUDGE)
    assert Job.objects.count() == 2
    work(project)
    assert set(WrittenCaption.objects.values_list("run", "text")) == {(run.pk, "A man does something.")}
    asked_by = [entry["body"]["model"] for entry in model.calls()]
    assert (asked_by.count(MODEL), asked_by.count(JUDGE)) == (2, 10)
    judged = [data_of(entry) for entry in model.calls() if entry["body"]["model"] == JUDGE]
    assert {one["caption"] for one in judged} == {"A man does something."}
    assert Answer.objects.filter(asked__run=run).count() == 10


def test_a_single_frame_is_one_picture(project: Project, adam: User, clips: list[Clip], model: ModelServer) -> None:
    for clip in clips:
        clip.frame_sets.update(count=1)
    answers(model, "A")
    run = started(project, adam, "single_frame", frames=16)
    work(project)
    assert run.frames == 1
    assert Answer.objects.count() == 10


def test_shuffled_options_stand_in_another_order_and_the_key_goes_with_them(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, "A")
    plain, shuffled = started(project, adam, "standard"), started(project, adam, "shuffled")
    work(project)
    orders = dict(AskedQuestion.objects.filter(run=plain).values_list("item", "order"))
    for asked in AskedQuestion.objects.filter(run=shuffled).select_related("revision"):
        assert asked.order != orders[asked.item_id]
        assert sorted(asked.order) == sorted(orders[asked.item_id])
        assert asked.order[asked.key_index] == asked.revision.content["key"]


def test_none_of_these_stands_where_the_key_stood(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, lambda data: next(letter for letter, text in data["options"].items() if text == NONE_OF_THESE))
    started(project, adam, "none_of_these")
    work(project)
    assert set(Answer.objects.values_list("choice", "is_right")) == {("none", True)}
    for entry in model.calls():
        assert sorted(data_of(entry)["options"]) == ["A", "B", "C", "D"]


def test_what_was_asked_before_is_not_paid_for_again(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    """Also of a release, whose questions are the same words: one call, two answers."""
    answers(model, "C")
    started(project, adam, "blind")
    work(project)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    again = started(project, adam, "blind", release=release)
    assert Answer.objects.filter(asked__run=again).count() == 10
    work(project)
    assert len(model.calls()) == 10
    assert set(Answer.objects.values_list("letter", flat=True)) == {"C"}


def test_two_runs_that_wait_for_the_same_call_are_both_answered(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, lambda data: "B" if "question" in data else "Somebody jumps.")
    runs = [started(project, adam, "caption", judge=JUDGE) for _ in range(2)]
    work(project)
    assert len(model.calls()) == 12
    for run in runs:
        assert (run.captions.count(), Answer.objects.filter(asked__run=run).count()) == (2, 10)
    late = started(project, adam, "caption", judge=JUDGE)
    assert (late.captions.count(), Answer.objects.filter(asked__run=late).count()) == (2, 10)


def test_what_a_run_cost_is_what_the_project_paid(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, lambda data: "A" if "question" in data else "Somebody jumps.")
    started(project, adam, "caption", judge=JUDGE)
    work(project)
    paid = Call.objects.filter(project=project).aggregate(paid=Sum("outcome__cost_micro_usd"))["paid"]
    account = BudgetAccount.objects.get(key="project:demo")
    assert (account.spent_micro_usd, account.reserved_micro_usd) == (paid, 0)
    assert paid > 0


def test_a_release_is_asked_in_its_own_words(
    project: Project, adam: User, ana: User, oda: User, rui: User, clips: list[Clip], model: ModelServer
) -> None:
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    item = QAItem.objects.filter(category="count").first()
    assert item is not None
    before = item.head_number
    reopen(item=fresh(item), user=oda, reason="look again", seen_number=before)
    words = words_for(fresh(item), ana)
    save(item=fresh(item), user=ana, etag=words.etag, content={**words.content, "question": "How many other times?"})
    run = started(project, adam, "blind", release=release)
    assert AskedQuestion.objects.get(run=run, item=item).revision.number == before
    assert run.questions == 10
    now = started(project, adam, "blind")
    assert not AskedQuestion.objects.filter(run=now, item=item).exists()


def test_a_paused_run_asks_nothing_and_goes_on(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, "A")
    run = started(project, adam, "blind")
    assert run.answering is not None
    pause(run=run.answering, user=adam)
    for pk in Job.objects.values_list("pk", flat=True):
        run_job(pk)
    assert model.calls() == []
    resume(run=Run.objects.get(), user=adam)
    work(project)
    assert Answer.objects.count() == 10
    cancel(run=Run.objects.get(), user=adam)


def test_a_withdrawn_clip_is_not_asked_and_erased_words_are_gone(
    project: Project, adam: User, clips: list[Clip], model: ModelServer
) -> None:
    answers(model, lambda data: "A" if "question" in data else "A secret word.")
    run = started(project, adam, "caption", judge=JUDGE)
    work(project)
    withdraw_clip(clip=clips[0], actor=adam, reason="asked to", erase=True)
    gone = Answer.objects.filter(asked__clip=clips[0])
    assert set(gone.values_list("reply", flat=True)) == {""}
    assert gone.count() == 5
    assert WrittenCaption.objects.get(run=run, clip=clips[0]).text == ""
    assert WrittenCaption.objects.get(run=run, clip=clips[1]).text == "A secret word."
    assert started(project, adam, "blind").questions == 5


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"setting": "guess", "model": MODEL}, "setting"),
        ({"setting": "standard"}, "model"),
        ({"setting": "caption", "model": MODEL}, "judge"),
        ({"setting": "standard", "model": MODEL, "judge": JUDGE}, "judge"),
        ({"setting": "human_captions", "model": MODEL, "judge": JUDGE}, "model"),
        ({"setting": "standard", "model": MODEL, "frames": 65}, "frames"),
        ({"setting": "standard", "model": MODEL, "tries": 11}, "tries"),
        ({"setting": "standard", "model": MODEL, "limit": 0}, "limit"),
    ],
)
def test_what_does_not_fit_a_setting_is_named(wish: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_wish(**wish)
    assert set(refused.value.detail["fields"]) == {field}


def test_a_model_without_a_price_is_refused_before_anything_is_made(
    project: Project, adam: User, clips: list[Clip]
) -> None:
    with pytest.raises(BadInput, match="model"):
        asked_run(
            project=project, user=adam, release=None, wish=checked_wish(setting=Setting.BLIND, model="model nobody")
        )
    assert not EvaluationRun.objects.exists()


def test_only_who_may_draft_may_ask_and_only_members_see_a_run_s04(
    project: Project, adam: User, rui: User, clips: list[Clip], model: ModelServer
) -> None:
    with pytest.raises(RightMissing):
        started(project, rui, "blind")
    run = started(project, adam, "blind")
    assert run_for(rui, slug="demo", uid=str(run.uid)) == run
    ProjectFactory.create(slug="other")
    with pytest.raises(NotVisible):
        run_for(rui, slug="other", uid=str(run.uid))
