"""A history taken in: whole again, byte for byte, or not a row of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from annotation.digests import event_digest
from annotation.errors import BadInput
from annotation.models import (
    Caption,
    CaptionComment,
    CaptionReview,
    Clip,
    Draft,
    Event,
    Job,
    Membership,
    Project,
    Prompt,
    User,
)
from annotation.services import captions
from annotation.states import State
from qa.history import restoring
from qa.history.reading import HistoryFileBroken
from qa.history.restoring import restore_history
from qa.history.verifying import Verified, verify_file
from qa.models import QAItem, QASet
from qa.services.history import verify_project
from qa.services.withdrawal import withdraw_clip
from tests.factories import ClipFactory, ProjectFactory, SourceVideoFactory
from tests.qa.history.told import HOSTILE, PROMPT_TEXT, forged, history_file, line_of, lines_of, wipe, written
from tests.qa.scenes import fresh, verbs


@pytest.fixture
def file(told_once: bytes, tmp_path: Path) -> Path:
    return history_file(tmp_path, told_once)


@pytest.fixture
def refusal(project: Project, tmp_path: Path) -> Callable[[Path], str]:
    """Taking the file in must be refused and leave nothing behind."""

    def run(path: Path) -> str:
        before = _rows()
        with pytest.raises((BadInput, HistoryFileBroken)) as refused, transaction.atomic():
            restore_history(project, path)
        assert _rows() == before
        return str(refused.value)

    return run


def _rows() -> list[int]:
    return [model.objects.count() for model in (Clip, Draft, Event, Job, Membership, Prompt, QAItem, User)]


def test_a_wiped_project_is_whole_again(told: Project, tmp_path: Path) -> None:
    raw, counts = written(told, release="1.0.0"), verify_project(told).counts
    wipe()
    verified = restore_history(told, history_file(tmp_path, raw))
    assert verify_project(told).counts == counts
    assert {**verified.counts, "comments": 0} == {**counts, "comments": 0}
    assert written(told, release="1.0.0") == raw


def test_the_role_that_serves_people_can_take_it_in(
    project: Project, file: Path, told_once: bytes, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("as_app_role")
    restore_history(project, file)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("haic_app",)
    verify_project(project)
    assert written(project, release="1.0.0") == told_once


def test_several_chunks_are_as_one(
    project: Project, file: Path, told_once: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "CHUNK", 1)
    restore_history(project, file)
    assert written(project, release="1.0.0") == told_once
    verify_project(project)


def test_another_project_takes_it_in_under_its_own_name(file: Path, told_once: bytes, db: None) -> None:
    other = ProjectFactory.create(slug="copy")
    restore_history(other, file)
    verify_project(other)
    head, *rest = lines_of(written(other, release="1.0.0"))
    assert head["project"] == "copy"
    assert rest[:-1] == lines_of(told_once)[1:-1]


def test_people_come_back_as_accounts_that_nobody_signs_in_to(project: Project, file: Path, told_once: bytes) -> None:
    restore_history(project, file)
    members = Membership.objects.filter(project=project).select_related("user")
    assert len(members) == 4  # ana, rui, oda, adam
    for one in members:
        assert (one.is_active, one.user.is_active, one.user.has_usable_password()) == (False, False, False)
        assert (one.role, one.user.username, one.user.email) == ("annotator", f"restored-{one.pseudonym}", "")
        assert one.pseudonym.encode() in told_once


def test_who_is_still_a_member_is_the_same_person(told: Project, ana: User, tmp_path: Path) -> None:
    raw = written(told)
    wipe(Membership)
    restore_history(told, history_file(tmp_path, raw))
    assert Membership.objects.filter(project=told).count() == 4
    assert Caption.objects.get(clip__clip_id="a").head.author == ana  # type: ignore[union-attr]
    assert not User.objects.filter(username__startswith="restored-").exists()


def test_work_goes_on_where_it_stood(told: Project, ana: User, rui: User, oda: User, tmp_path: Path) -> None:
    raw = written(told)
    sets = list(QASet.objects.order_by("clip__clip_id").values_list("is_ready", "items", "open_items"))
    wipe(Membership)
    restore_history(told, history_file(tmp_path, raw))
    # a: 1 question, approved; b: 2 drafted, 1 returned, 1 approved, 1 dropped; c: none, excluded
    assert sets == [(True, 1, 0), (True, 4, 3), (False, 0, 0)]
    assert list(QASet.objects.order_by("clip__clip_id").values_list("is_ready", "items", "open_items")) == sets
    assert Caption.objects.get(clip__clip_id="c").is_held
    caption = Caption.objects.for_review_page().get(clip__clip_id="a")
    captions.reopen(caption=caption, user=oda, reason="look again", seen_number=1)
    caption.refresh_from_db()
    assert caption.state == State.EDITING
    assert verbs(fresh(QAItem.objects.get(question_id="b-interaction-1")))[-1] == "settle"
    verify_project(told)


def test_words_times_and_threads_are_as_they_were(project: Project, file: Path, told_once: bytes) -> None:
    restore_history(project, file)
    clip = Clip.objects.get(clip_id="b")
    assert clip.description == HOSTILE
    assert Clip.objects.get(clip_id="a").metadata == {"large": 10**300}
    note, reply, _ = CaptionComment.objects.filter(caption__clip__clip_id="a")
    assert (note.text, reply.parent, note.at_ms, note.done_at is not None) == (HOSTILE, note, 300, True)
    line = next(line for line in lines_of(told_once) if line.get("clip_id") == "b")
    assert clip.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") == line["created_at"]
    assert (clip.video.name, clip.poster.name) == (f"videos/{'1' * 64}.mp4", f"posters/{'1' * 64}.jpg")
    undo = CaptionReview.objects.get(caption__clip=clip, verdict="undo")
    assert undo.undoes is not None
    assert undo.undoes.verdict == "fix"
    assert undo.judged_author == undo.judged_revision.author


def test_what_happened_later_comes_later_over_all_objects_of_the_clips(project: Project, file: Path) -> None:
    restore_history(project, file)
    times = list(Event.objects.order_by("pk").values_list("created_at", flat=True))
    assert times == sorted(times)


def test_a_jobs_drafts_name_it_and_its_prompt(project: Project, file: Path) -> None:
    restore_history(project, file)
    job = Job.objects.get()
    assert (job.status, job.kind, job.prompt.text, job.prompt.project) == ("done", "qa:count", PROMPT_TEXT, project)
    assert [draft.place for draft in job.drafts.order_by("pk")] == [0, 1]


def test_a_prompt_that_everybody_has_is_not_kept_twice(project: Project, file: Path, told_once: bytes) -> None:
    version = lines_of(told_once)[1]["version"]
    known = Prompt.objects.create(name="count", version=version, title="Everybody's", text=PROMPT_TEXT)
    restore_history(project, file)
    assert Job.objects.get().prompt == known


def test_the_caller_says_where_the_files_are(project: Project, file: Path) -> None:
    asked: list[dict[str, Any]] = []

    def files(facts: dict[str, Any]) -> Any:
        asked.append(facts)
        return {"original": "o.mov", "video": "v.mp4", "poster": f"{facts['clip_id']}.jpg"}

    restore_history(project, file, files=files)
    assert {clip.poster.name for clip in Clip.objects.all()} == {"a.jpg", "b.jpg", "c.jpg"}
    assert [facts["sha256"] for facts in asked] == ["1" * 64] * 3


def test_a_project_that_is_not_empty_is_left_alone(
    project: Project, file: Path, refusal: Callable[[Path], str]
) -> None:
    ClipFactory.create(project=project, clip_id="mine")
    assert refusal(file) == "project: “demo” is not empty: it has the clip mine"


def test_a_project_with_raw_videos_is_not_empty(project: Project, file: Path, refusal: Callable[[Path], str]) -> None:
    SourceVideoFactory.create(batch__project=project, project=project)
    Event.objects.create(
        project=project,
        object_type="source_video",
        object_id="x",
        verb="screen",
        to_state="kept",
        created_at="2026-01-01T00:00:00Z",
        digest="0" * 64,
    )
    assert "is not empty: it has a history" in refusal(file)


def test_what_stands_here_already_is_named(told: Project, otto: User, tmp_path: Path) -> None:
    path = history_file(tmp_path, written(told))
    elsewhere = otto.memberships.get().project
    clip = Clip.objects.order_by("clip_id").first()
    with pytest.raises(BadInput) as refused, transaction.atomic():
        restore_history(elsewhere, path)
    pseudonyms = set(Membership.objects.filter(project=told).values_list("pseudonym", flat=True))
    assert any(f"{one} stands for somebody of this installation already" in str(refused.value) for one in pseudonyms)
    wipe(Clip)
    with pytest.raises(BadInput, match=rf"clip {clip.uid} \(a\) stands in this installation already"):  # type: ignore[union-attr]
        restore_history(elsewhere, path)
    assert not Membership.objects.exclude(project=elsewhere).exists()
    assert not Event.objects.exists()


def test_what_does_not_hold_writes_nothing(told_once: bytes, tmp_path: Path, refusal: Callable[[Path], str]) -> None:
    assert "draft 1" in refusal(history_file(tmp_path, told_once.replace(b"bald man", b"bold man", 1)))
    assert "cut off" in refusal(history_file(tmp_path, b"".join(told_once.splitlines(keepends=True)[:-1])))


def test_two_objects_with_one_uid_are_refused_by_the_database(
    told_once: bytes, tmp_path: Path, refusal: Callable[[Path], str]
) -> None:
    """A file can prove itself and still be nonsense: clip c, whose events are signed again, has the uid of clip a."""
    lines = lines_of(told_once)
    clip = line_of(lines, "c")
    clip["object"] = next(line["object"] for line in lines if line.get("clip_id") == "a")
    for event in clip["events"]:
        said = {key: value for key, value in event.items() if key != "digest"}
        event["digest"] = event_digest(object_type="clip", object_id=clip["object"], **said)
    assert "cannot be kept: duplicate key value" in refusal(history_file(tmp_path, forged(lines)))


def test_a_file_that_changes_while_it_is_read_is_refused(
    project: Project, file: Path, told_once: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify_then_change(path: Path) -> Verified:
        verified = verify_file(path)
        lines = lines_of(told_once)
        lines[0]["release"] = "2.0.0"
        path.write_bytes(forged(lines))
        return verified

    monkeypatch.setattr(restoring, "verify_file", verify_then_change)
    with pytest.raises(BadInput, match="changed while it was read"):
        restore_history(project, file)
    assert not Clip.objects.exists()


def test_a_withdrawn_and_an_erased_clip_come_back_as_they_are(told: Project, adam: User, tmp_path: Path) -> None:
    withdraw_clip(clip=Clip.objects.get(clip_id="a"), actor=adam, reason="She asked.", erase=True)
    withdraw_clip(clip=Clip.objects.get(clip_id="c"), actor=adam, reason="He asked.")
    raw, counts = written(told), verify_project(told).counts
    wipe()
    verified = restore_history(told, history_file(tmp_path, raw))
    assert verify_project(told).counts == counts
    assert written(told) == raw
    assert verified.erased > 0
    erased, withdrawn = Clip.objects.get(clip_id="a"), Clip.objects.get(clip_id="c")
    assert erased.erased_at is not None
    assert (erased.state, withdrawn.state, withdrawn.erased_at) == ("withdrawn", "withdrawn", None)
    assert {str(one.video.name) for one in (erased, withdrawn)} == {""}
    assert withdrawn.withdrawn_at == Event.objects.get(object_id=withdrawn.object_id, verb="withdraw").created_at
