"""Withdrawing a clip: who may, what everybody finds afterwards, and what those who were at work on it find."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotation.drafting import client as model_client
from annotation.drafting.batches import run_batch
from annotation.drafting.jobs import run_job
from annotation.drafting.sweep import sweep_jobs
from annotation.errors import BadInput, MoveNotAllowed, NotVisible, RightMissing
from annotation.models import (
    Batch,
    CallOutcome,
    CaptionLease,
    CaptionWorkingCopy,
    Clip,
    ClipFlag,
    Draft,
    Event,
    Job,
    JobStatus,
    Project,
    Scene,
    User,
)
from annotation.services import captions, clip_flags
from annotation.services.assignments import assign
from annotation.services.clips import find_same
from annotation.services.comments import add_note, beside_caption
from annotation.services.drafting import make_run, regenerate, try_prompt
from annotation.services.lookups import caption_for, clip_for
from annotation.services.prompts import chosen
from annotation.services.queue import Nothing, Offer, next_unit, skip
from annotation.services.scene_decisions import keep_by_hand
from annotation.services.stuck import nobody_may_judge
from annotation.services.video_batches import find_video
from annotation.states import ClipStatus
from qa.models import QALease, QAWorkingCopy
from qa.releases.gate import InTheWay
from qa.services import items
from qa.services.blind import store_answer
from qa.services.comments import beside_question
from qa.services.figures import agreement_of
from qa.services.history import verify_project
from qa.services.releases import freeze_release
from qa.services.withdrawal import withdraw_clip
from tests.annotation.drafting.conftest import drafting_jobs, model, waiting_clips
from tests.factories import (
    QUESTION,
    ClipFactory,
    DraftedCaptionFactory,
    DroppedSceneFactory,
    SceneFactory,
    SubmittedCaptionFactory,
    add_drafted_item,
)
from tests.model_server import ModelServer
from tests.qa.scene import finish_clip
from tests.qa.scenes import approved_clip, content_of, saved_item, submitted_item

__all__ = ["model"]

WHY = "a person in it objects"


def test_only_who_may_release_withdraws_and_never_without_a_reason(
    project: Project, oda: User, adam: User, otto: User
) -> None:
    clip = ClipFactory.create(project=project)
    for user in (oda, otto):
        with pytest.raises(RightMissing):
            withdraw_clip(clip=clip, actor=user, reason=WHY)
    for reason in ("", "  ", "x" * 501, "a\x00b", 7):
        with pytest.raises(BadInput, match="reason"):
            withdraw_clip(clip=clip, actor=adam, reason=reason)
    clip.refresh_from_db()
    assert (clip.state, clip.withdrawn_at) == (ClipStatus.ACTIVE, None)


@pytest.mark.parametrize("is_excluded", [False, True])
def test_it_is_one_move_with_one_event_also_of_an_excluded_clip(
    project: Project, adam: User, ana: User, *, is_excluded: bool
) -> None:
    clip = DraftedCaptionFactory(project=project).clip
    clip_flags.flag_clip(clip=clip, user=ana, reason="static")
    if is_excluded:
        clip_flags.decide(clip=clip, user=adam, decision="exclude")
    done = withdraw_clip(clip=clip, actor=adam, reason=WHY)
    clip.refresh_from_db()
    event = Event.objects.get(object_type="clip", object_id=clip.object_id, verb="withdraw")
    assert (done.is_erased, clip.state, clip.withdrawn_at) == (False, ClipStatus.WITHDRAWN, event.created_at)
    assert (event.actor, event.reason, event.to_state) == (adam, WHY, ClipStatus.WITHDRAWN)
    assert not ClipFlag.objects.filter(decision="").exists()
    assert withdraw_clip(clip=clip, actor=adam, reason="again").clip.withdrawn_at == clip.withdrawn_at
    assert Event.objects.filter(verb="withdraw").count() == 1
    verify_project(project)


def test_nothing_brings_it_back(project: Project, adam: User) -> None:
    clip = DraftedCaptionFactory(project=project).clip
    seen = Clip.objects.select_related("project").get(pk=clip.pk)
    withdraw_clip(clip=clip, actor=adam, reason=WHY)
    with pytest.raises(MoveNotAllowed):
        clip_flags.restore(clip=seen, user=adam)
    with pytest.raises(MoveNotAllowed):
        clip_flags.flag_clip(clip=seen, user=adam, reason="static")
    with pytest.raises(MoveNotAllowed):
        clip_flags.decide(clip=seen, user=adam, decision="keep")
    with pytest.raises(BadInput, match="was withdrawn; it does not come back"):
        find_same(project, clip.clip_id, original_sha256=clip.original_sha256)
    clip.refresh_from_db()
    assert (clip.state, clip.caption.is_held) == (ClipStatus.WITHDRAWN, True)


def test_whoever_has_it_on_the_desk_loses_it_and_nobody_is_given_it(
    project: Project, ana: User, rui: User, adam: User
) -> None:
    to_write = DraftedCaptionFactory(project=project).clip
    to_review = SubmittedCaptionFactory(project=project, author=adam).clip
    with_questions = approved_clip(project, author=adam, reviewer=rui)
    submitted_item(with_questions, adam)
    assign(project=project, user=adam, clip_ids=[to_write.clip_id], username="ana")
    for user, work, kind in ((ana, "edit", "caption"), (rui, "review", "caption"), (rui, "review", "questions")):
        assert isinstance(next_unit(project=project, user=user, work=work, kind=kind), Offer)
    assert (CaptionLease.objects.filter(ended_at=None).count(), QALease.objects.filter(ended_at=None).count()) == (2, 1)
    for clip in (to_write, to_review, with_questions):
        withdraw_clip(clip=clip, actor=adam, reason=WHY)
    assert not CaptionLease.objects.filter(ended_at=None).exists()
    assert not QALease.objects.filter(ended_at=None).exists()
    for user in (ana, rui, adam):
        for work, kind in (("edit", "caption"), ("edit", "questions"), ("review", "caption"), ("review", "questions")):
            if work == "edit" or user != ana:
                assert isinstance(next_unit(project=project, user=user, work=work, kind=kind), Nothing)
    with pytest.raises(BadInput, match="no clip here is called"):
        assign(project=project, user=adam, clip_ids=[to_write.clip_id], username="ana")
    assert nobody_may_judge(project) == []


PAGES = [
    "clip_video",
    "clip_poster",
    "clip_subtitles",
    "caption_workspace",
    "caption_review",
    "qa_workspace",
    "qa_review",
    "clip_withdraw",
    "api_caption",
]


def test_its_pages_and_addresses_are_not_there_for_anybody(
    project: Project, ana: User, rui: User, adam: User, client_of: Callable[[User], Client]
) -> None:
    finished = finish_clip(project, author=ana, reviewer=rui)
    add_note(beside=beside_caption(finished.caption), author=ana, text="A note.")
    other = finish_clip(project, author=ana, reviewer=rui, clip_id="clip-b")
    clients = [client_of(user) for user in (ana, rui, adam)]
    for name in PAGES:
        assert clients[2].get(reverse(name, args=["demo", "clip-a"])).status_code == 200, name
    withdraw_clip(clip=finished.clip, actor=adam, reason=WHY)
    for client in clients:
        for name in (*PAGES, "clip_frame_times"):
            refused = client.get(reverse(name, args=["demo", "clip-a"])).status_code
            assert refused == 404 or (refused == 403 and client is not clients[2]), name
        assert client.get(reverse("qa_history", args=["demo", finished.item.question_id])).status_code == 404
        for name in ("clips", "project", "my_queue", "projects", "notifications", "api_clips"):
            page = client.get(reverse(name, args=[] if name in ("projects", "notifications") else ["demo"]))
            assert page.status_code == 200
            assert b"clip-a" not in page.content, name
    for name in PAGES:
        assert clients[2].get(reverse(name, args=["demo", "clip-b"])).status_code == 200
    for name in ("review_queue", "figures", "clip_flags", "drafting_ledger", "drafting", "accumulation"):
        assert b"clip-a" not in clients[2].get(reverse(name, args=["demo"])).content, name
    assert agreement_of(project).blind.pooled.questions == 1  # of clip-b alone
    assert other.clip.state == ClipStatus.ACTIVE


def test_whoever_writes_to_it_in_the_same_moment_finds_it_gone_and_leaves_no_word(
    project: Project, ana: User, rui: User, adam: User
) -> None:
    finished = finish_clip(project, author=ana, reviewer=rui)
    caption = DraftedCaptionFactory(project=project)
    withdraw_clip(clip=finished.clip, actor=adam, reason=WHY, erase=True)
    withdraw_clip(clip=caption.clip, actor=adam, reason=WHY, erase=True)
    written: dict[str, Any] = {"text": "late words", "people": []}
    with pytest.raises(NotVisible):
        captions.autosave(caption=caption, user=ana, etag='"0-0"', **written)
    with pytest.raises(NotVisible):
        captions.save(caption=caption, user=ana, etag='"0-0"', **written)
    with pytest.raises(NotVisible):
        captions.submit(caption=caption, user=ana, etag='"0-0"', **written)
    with pytest.raises(NotVisible):
        captions.reopen(caption=finished.caption, user=adam, reason="late", seen_number=1)
    with pytest.raises(NotVisible):
        add_note(beside=beside_caption(caption), author=ana, text="late words")
    assert not CaptionWorkingCopy.objects.exists()
    for find in (caption_for, clip_for):
        with pytest.raises(NotVisible):
            find(ana, slug="demo", clip_id=caption.clip.clip_id)
    verify_project(project)


def test_whoever_writes_to_its_questions_in_the_same_moment_finds_them_gone(
    project: Project, ana: User, rui: User, adam: User
) -> None:
    clip = approved_clip(project, author=ana, reviewer=rui)
    item = saved_item(clip, ana)
    content = content_of(item, ana, question="What does he do, late?")
    withdraw_clip(clip=clip, actor=adam, reason=WHY)
    late: list[Callable[[], object]] = [
        lambda: items.autosave(item=item, user=ana, etag='"1-0"', content=content),
        lambda: items.save(item=item, user=ana, etag='"1-0"', content=content),
        lambda: items.drop(item=item, user=ana, etag='"1-0"', reason="late"),
        lambda: items.submit_unit(clip=clip, user=ana, seen={item.question_id: '"1-0"'}),
        lambda: add_note(beside=beside_question(item), author=ana, text="late words"),
        lambda: skip(unit=clip.qa_set, user=ana, reason="other", note="late words"),
        lambda: add_drafted_item(clip=clip, category="count", model="m", payload=QUESTION),
    ]
    for write in late:
        with pytest.raises(NotVisible):
            write()
    assert (QAWorkingCopy.objects.count(), item.revisions.count(), clip.qa_items.count()) == (0, 1, 1)
    verify_project(project)


@pytest.mark.django_db(transaction=True)
def test_a_note_that_is_written_meanwhile_waits_and_is_refused(project: Project, ana: User, adam: User) -> None:
    """A note takes no lock that a withdrawal waits for: the clip's own row keeps the two apart."""
    caption = DraftedCaptionFactory(project=project)
    holds, said = threading.Event(), []

    def write() -> None:
        holds.wait(10)
        try:
            add_note(beside=beside_caption(caption), author=ana, text="late words")
        except NotVisible as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    with transaction.atomic():
        withdraw_clip(clip=caption.clip, actor=adam, reason=WHY, erase=True)
        holds.set()
        thread.join(1)
        assert thread.is_alive(), "the note did not wait: nothing was proved"
    thread.join(10)
    assert said == ["not_found"]
    assert not caption.comments.exists()


def test_a_blind_review_in_progress_ends(
    project: Project, ana: User, rui: User, adam: User, client_of: Callable[[User], Client]
) -> None:
    clip = approved_clip(project, author=ana, reviewer=adam)
    first, second = submitted_item(clip, ana), submitted_item(clip, ana, category="count")
    store_answer(clip=clip, user=rui, question_id=first.question_id, seen_number=1, choice="o1")
    withdraw_clip(clip=clip, actor=adam, reason=WHY)
    client = client_of(rui)
    assert client.get(reverse("qa_review", args=["demo", clip.clip_id])).status_code == 404
    said = {"question_id": second.question_id, "choice": "o1"}
    headers = {"If-Match": '"1-0"', "Idempotency-Key": "late"}
    address = reverse("api_question_answer", args=["demo", clip.clip_id])
    assert client.post(address, said, content_type="application/json", headers=headers).status_code == 404
    assert first.blind_answers.count() == 1
    verify_project(project)


def test_no_release_takes_it_and_none_waits_for_it(project: Project, ana: User, rui: User, adam: User) -> None:
    finished = finish_clip(project, author=ana, reviewer=rui)
    other = finish_clip(project, author=ana, reviewer=rui, clip_id="clip-b")
    withdraw_clip(clip=finished.clip, actor=adam, reason=WHY, erase=True)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    assert [item.clip for item in release.items.all()] == [other.clip]
    withdraw_clip(clip=other.clip, actor=adam, reason=WHY)
    with pytest.raises(InTheWay):
        freeze_release(project=project, version="1.1.0", notes="", actor=adam)


def test_nothing_of_it_goes_to_the_model(project: Project, adam: User, model: ModelServer) -> None:
    withdrawn, stays = drafting_jobs(project, 2, user=adam)
    clip = withdrawn.clip
    withdraw_clip(clip=clip, actor=adam, reason=WHY)
    withdrawn.refresh_from_db()
    assert (withdrawn.status, withdrawn.reason) == (JobStatus.CANCELLED, "withdrawn")
    Job.objects.filter(pk=withdrawn.pk).update(status=JobStatus.QUEUED)  # as if a worker had put it back just now
    run_job(withdrawn.pk)
    run_job(stays.pk)
    sweep_jobs()
    withdrawn.refresh_from_db()
    assert (withdrawn.status, withdrawn.attempt) == (JobStatus.CANCELLED, 0)
    assert [draft.clip for draft in Draft.objects.all()] == [stays.clip]
    with pytest.raises(MoveNotAllowed):
        regenerate(clip=Clip.objects.select_related("project").get(pk=clip.pk), user=adam)
    assert make_run(project=project, user=adam, kind="captions").jobs.count() == 0


def test_no_batch_takes_it(project: Project, adam: User, model: ModelServer) -> None:
    clip = waiting_clips(project, 1)[0]
    job = make_run(project=project, user=adam, kind="captions", is_batch=True).jobs.get()
    withdraw_clip(clip=clip, actor=adam, reason=WHY)
    Job.objects.filter(pk=job.pk).update(status=JobStatus.QUEUED)  # as if a worker had put it back just now
    batch = Batch.objects.get()
    run_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.sent_at, batch.reason) == (Batch.Status.CLOSED, None, "Nothing was left to send.")
    sweep_jobs()
    job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.CANCELLED, 0)


def test_a_reply_that_comes_after_it_is_paid_for_and_thrown_away(
    project: Project, adam: User, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = drafting_jobs(project, 1, user=adam)[0]
    plain = model_client.send

    def withdrawn_meanwhile(*args: object, **more: object) -> object:
        reply = plain(*args, **more)  # type: ignore[arg-type]
        withdraw_clip(clip=job.clip, actor=adam, reason=WHY, erase=True)
        return reply

    monkeypatch.setattr(model_client, "send", withdrawn_meanwhile)
    run_job(job.pk)
    job.refresh_from_db()
    outcome = CallOutcome.objects.get(call__job=job)
    assert (job.status, job.reason, job.detail) == (JobStatus.CANCELLED, "withdrawn", "")
    assert (bytes(outcome.raw), outcome.cost_micro_usd) != (b"", None)
    assert bytes(outcome.raw) == b""
    assert outcome.call.request == {"erased": True}
    assert not Draft.objects.exists()
    verify_project(project)


def test_a_prompt_is_not_tried_on_it(project: Project, adam: User, model: ModelServer) -> None:
    job = drafting_jobs(project, 1, user=adam)[0]
    tried = try_prompt(project=project, user=adam, prompt=chosen(project, "caption"), clips=[job.clip])[0]
    withdraw_clip(clip=job.clip, actor=adam, reason=WHY)
    run_job(tried.pk)
    tried.refresh_from_db()
    assert tried.status == JobStatus.CANCELLED


def test_a_raw_video_goes_with_the_last_of_its_clips(
    project: Project, adam: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    first, second = (ClipFactory.create(project=project, clip_id=f"v-s0{n}") for n in (1, 2))
    scene = SceneFactory.create(video__batch__project=project, clip=first)
    video = scene.video
    SceneFactory.create(video=video, clip=second)
    dropped = DroppedSceneFactory(reason="too_little_motion", video=video)
    with django_capture_on_commit_callbacks(execute=True):
        done = withdraw_clip(clip=first, actor=adam, reason=WHY, erase=True)
    video.refresh_from_db()
    assert (done.consequences.raw_video, video.withdrawn_at, bool(video.file)) == (video.video_id, None, True)
    assert video.description
    with django_capture_on_commit_callbacks(execute=True):
        withdraw_clip(clip=second, actor=adam, reason=WHY)
    video.refresh_from_db()
    dropped.refresh_from_db()
    assert video.withdrawn_at is not None
    assert (video.file.name, dropped.thumbnail.name) == ("", "")
    with pytest.raises(BadInput, match="was withdrawn; it does not come back"):
        find_video(project, video.video_id, sha256=video.sha256)
    kept = keep_by_hand(scene=Scene.objects.get(pk=dropped.pk), user=adam, reason="after all")
    kept.refresh_from_db()
    assert (kept.cut, "it was withdrawn" in kept.cut_detail) == (Scene.Cut.FAILED, True)
    assert video.description == ""  # the first one is erased: what was copied from here must not stay here


def test_a_kept_scene_that_is_not_cut_yet_keeps_its_video(project: Project, adam: User) -> None:
    clip = ClipFactory.create(project=project)
    scene = SceneFactory.create(video__batch__project=project, clip=clip)
    SceneFactory.create(video=scene.video)
    withdraw_clip(clip=clip, actor=adam, reason=WHY)
    scene.video.refresh_from_db()
    assert scene.video.withdrawn_at is None
