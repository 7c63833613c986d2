"""The jobs that measure a raw video and cut its scenes: once, whole, and again after a worker's death."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from annotation.accumulation.contained import ChildFailed
from annotation.models import Clip, Event, Outbox, Project, Scene, SourceVideo, ThresholdSet, User
from annotation.services.accumulation_report import report_of, write_contact_sheet
from annotation.services.scene_cuts import CUT, cut_scene, sweep_cuts
from annotation.services.screening import MEASURE, MOST_ATTEMPTS, measure_video, sweep_videos
from annotation.services.video_batches import take_in
from annotation.stored_files import copy_to
from tests.annotation.accumulation.test_measuring import film, room, somebody

STUBS = "tests.annotation.accumulation.stub_models"
FPS = 25


@pytest.fixture(autouse=True)
def _stubs(settings: Any) -> None:
    settings.PERSON_DETECTOR, settings.POSE_ESTIMATOR = f"{STUBS}.FindsSquares", f"{STUBS}.PosesSquares"


@pytest.fixture
def source(tmp_path: Path, project: Project) -> SourceVideo:
    """In the first scene, 3 s, somebody walks; in the second, 3 s, nobody is."""
    first, second = room(1), room(2)
    walking = [somebody(first, left=4 + frame, top=20) for frame in range(3 * FPS)]
    film(tmp_path / "walk.mp4", [*walking, *[second] * (3 * FPS)])
    (tmp_path / "walk.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nShe walks.\n")
    line = {
        "video_id": "walk",
        "video": "walk.mp4",
        "description": "A woman walks.",
        "license": "CC0",
        "source": "hall",
        "subtitles": "walk.vtt",
        "camera": "phone",
    }
    (tmp_path / "raw.jsonl").write_text(json.dumps(line))
    ThresholdSet.objects.create(project=project, values={"min_side": 64, "area_min": 0.001})
    [outcome] = list(take_in(source=tmp_path / "raw.jsonl", project=project, user=None))
    assert outcome.video is not None
    return outcome.video


def tasks(name: str) -> list[list[Any]]:
    return list(Outbox.objects.filter(task=name).values_list("args", flat=True))


def test_a_video_is_measured_decided_and_its_kept_scene_asked_for(source: SourceVideo) -> None:
    measure_video(source.pk)
    source.refresh_from_db()
    assert (source.status, source.state, source.verbs, source.lease_until) == ("measured", "kept", ["walk"], None)
    assert (source.frames_decoded, source.duration_ms) == (6 * FPS, 6000)
    first, second = source.scenes.order_by("number")
    assert (first.start_frame, first.end_frame, first.start_ms, first.end_ms) == (0, 75, 0, 3000)
    assert (second.start_frame, second.end_frame) == (75, 150)
    assert (first.state, first.people_frames[0], first.cut) == ("kept", first.samples, Scene.Cut.QUEUED)
    assert (second.state, second.stage, second.reason) == ("dropped", "existence", "too_few_people")
    assert tasks(CUT) == [[first.pk]]
    assert default_storage.exists(str(first.thumbnail.name))
    assert first.shown["boxes"]
    verbs = Event.objects.filter(object_type__in=["scene", "source_video"]).values_list("object_type", "to_state")
    assert sorted(verbs) == [("scene", "dropped"), ("scene", "kept"), ("source_video", "kept")]


def test_measuring_twice_is_measuring_once(source: SourceVideo) -> None:
    measure_video(source.pk)
    measure_video(source.pk)
    assert Scene.objects.count() == 2
    source.refresh_from_db()
    assert (source.frames_decoded, source.attempt) == (6 * FPS, 1)


def test_a_video_in_another_workers_hands_is_left_alone(source: SourceVideo) -> None:
    SourceVideo.objects.update(status="working", lease_until=timezone.now() + timedelta(minutes=1), attempt=1)
    measure_video(source.pk)
    assert not Scene.objects.exists()
    SourceVideo.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    measure_video(source.pk)
    assert Scene.objects.count() == 2


def test_the_kept_scene_becomes_a_clip_that_says_where_it_is_from(source: SourceVideo, project: Project) -> None:
    measure_video(source.pk)
    scene = Scene.objects.get(number=1)
    cut_scene(scene.pk)
    cut_scene(scene.pk)
    clip = Clip.objects.get()
    scene.refresh_from_db()
    assert (scene.clip, scene.cut, scene.frames_cut) == (clip, Scene.Cut.DONE, 75)
    assert (clip.clip_id, clip.frames, clip.duration_ms) == ("walk-s01", 75, 3000)
    assert (clip.source, clip.source_id, clip.license) == ("hall", "walk", "CC0")
    assert (clip.source_start_ms, clip.source_end_ms, clip.description) == (0, 3000, "A woman walks.")
    assert "00:00:01.000 --> 00:00:03.000\nShe walks." in clip.subtitles
    told = clip.metadata["accumulation"]
    assert clip.metadata["camera"] == "phone"
    assert (told["video_id"], told["scene"], told["start_frame"], told["end_frame"]) == ("walk", 1, 0, 75)
    assert told["thresholds"]["min_side"] == 64
    assert told["measured"]["with"]["detector"] == "squares"
    assert clip.caption.state == "waiting"


def test_a_scene_that_is_dropped_meanwhile_becomes_no_clip(
    source: SourceVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure_video(source.pk)
    scene = Scene.objects.get(number=1)

    def dropped_meanwhile(*args: Any, **options: Any) -> None:
        copy_to(*args, **options)
        Scene.objects.filter(pk=scene.pk).update(state="dropped", stage="action", reason="too_little_motion", cut="")

    monkeypatch.setattr("annotation.services.scene_cuts.copy_to", dropped_meanwhile)
    cut_scene(scene.pk)
    assert not Clip.objects.exists()
    scene.refresh_from_db()
    assert (scene.clip, scene.cut) == (None, "")
    assert [default_storage.listdir(folder)[1] for folder in ("videos", "originals", "posters")] == [[], [], []]


def test_cutting_that_fails_is_tried_again_later_and_at_last_given_up(
    source: SourceVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure_video(source.pk)
    scene = Scene.objects.get(number=1)
    tries = []

    def killed(*args: Any, **options: Any) -> None:
        tries.append(1)
        raise ChildFailed("Cutting the scene: the child ended with -9.")

    monkeypatch.setattr("annotation.services.scene_cuts.cut_contained", killed)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        cut_scene(scene.pk)
        scene.refresh_from_db()
        assert (len(tries), scene.cut_attempt) == (attempt, attempt)
    assert (scene.cut, "ended with -9" in scene.cut_detail) == (Scene.Cut.FAILED, True)
    cut_scene(scene.pk)
    assert len(tries) == MOST_ATTEMPTS


def test_a_scene_without_length_is_not_cut_and_says_why(source: SourceVideo) -> None:
    measure_video(source.pk)
    Scene.objects.filter(number=1).update(length_ms=0, end_ms=0)
    cut_scene(Scene.objects.get(number=1).pk)
    scene = Scene.objects.get(number=1)
    assert (scene.cut, scene.cut_detail) == (
        *("failed",),
        "The frames of this scene all have the same time: it cannot be played.",
    )


def test_the_memory_of_the_child_is_a_setting_s33(source: SourceVideo, settings: Any) -> None:
    settings.MEASURE_MEMORY_BYTES = 700 * 1024**2
    settings.PERSON_DETECTOR = f"{STUBS}.TakesMemory"
    measure_video(source.pk)
    source.refresh_from_db()
    assert (source.reason, "more than 0.7 GB of memory" in source.detail) == ("media_limit", True)


def test_a_hostile_file_is_refused_with_its_reason_and_the_worker_lives_s33(source: SourceVideo, settings: Any) -> None:
    settings.PERSON_DETECTOR = f"{STUBS}.CrashesWhenAlone"
    measure_video(source.pk)
    source.refresh_from_db()
    assert (source.status, source.state, source.stage, source.reason) == (
        *("refused", "dropped", "metadata"),
        "decoder_crashed",
    )
    assert source.detail
    assert not Scene.objects.exists()
    event = Event.objects.get(object_type="source_video")
    assert (event.verb, event.to_state) == ("screen", "dropped")
    assert source.detail in event.reason


def test_a_model_that_cannot_be_loaded_is_tried_again_and_not_for_ever(source: SourceVideo, settings: Any) -> None:
    settings.PERSON_DETECTOR = f"{STUBS}.CannotBeMade"
    measure_video(source.pk)
    source.refresh_from_db()
    assert (source.status, source.attempt, source.state) == ("queued", 1, "")
    assert source.detail
    SourceVideo.objects.update(attempt=MOST_ATTEMPTS - 1)
    measure_video(source.pk)
    source.refresh_from_db()
    assert (source.status, source.reason) == ("refused", "not_measured")


def test_the_sweep_brings_back_what_lost_its_worker_and_gives_up_in_the_end(source: SourceVideo) -> None:
    past = timezone.now() - timedelta(minutes=1)
    Outbox.objects.all().delete()
    SourceVideo.objects.update(status="working", lease_until=past, attempt=1)
    sweep_videos()
    sweep_videos()
    assert tasks(MEASURE) == [[source.pk]]
    SourceVideo.objects.update(status="working", lease_until=past, attempt=MOST_ATTEMPTS)
    sweep_videos()
    source.refresh_from_db()
    assert (source.status, source.reason) == ("refused", "worker_lost")


def test_the_sweep_brings_back_scenes_that_lost_their_worker(source: SourceVideo) -> None:
    measure_video(source.pk)
    Outbox.objects.all().delete()
    past = timezone.now() - timedelta(minutes=1)
    Scene.objects.filter(number=1).update(cut="working", cut_lease_until=past, cut_attempt=1)
    sweep_cuts()
    sweep_cuts()
    assert len(tasks(CUT)) == 1
    Scene.objects.filter(number=1).update(cut="working", cut_lease_until=past, cut_attempt=MOST_ATTEMPTS)
    sweep_cuts()
    assert Scene.objects.get(number=1).cut == Scene.Cut.FAILED


def test_the_report_says_what_became_of_each(source: SourceVideo, project: Project, adam: User, tmp_path: Path) -> None:
    measure_video(source.pk)
    cut_scene(Scene.objects.get(number=1).pk)
    report = report_of(project, [SourceVideo.objects.get()])
    [video] = report["videos"]
    assert {key: video[key] for key in ("video_id", "decision", "stage", "reason", "scenes", "kept")} == {
        "video_id": "walk",
        "decision": "kept",
        "stage": None,
        "reason": None,
        "scenes": 2,
        "kept": 1,
    }
    assert [scene["clip_id"] for scene in video["scene_list"]] == ["walk-s01", None]
    steps = {step["stage"]: (step["came"], step["left"], step["dropped"]) for step in report["funnel"]["steps"]}
    assert steps == {
        "metadata": (1, 1, {}),
        "scenes": (2, 2, {}),
        "existence": (2, 1, {"too_few_people": 1}),
        "action": (1, 1, {}),
    }
    assert write_contact_sheet(project, [SourceVideo.objects.get()], tmp_path / "sheet.jpg") == 2
    assert (tmp_path / "sheet.jpg").stat().st_size > 1000
    assert np.frombuffer((tmp_path / "sheet.jpg").read_bytes()[:2], np.uint8).tolist() == [0xFF, 0xD8]
