"""Thresholds: what SQL counts is what the pure decisions say, and setting them asks a worker once."""

import random
import re
import sys
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from annotation.accumulation.screening import Thresholds, VideoMeasured, decide_scene, decide_video, people_frames_of
from annotation.errors import BadInput, RightMissing
from annotation.models import Outbox, Project, Scene, SourceVideo, ThresholdSet, User, VideoBatch
from annotation.services import thresholds as module
from annotation.services.scene_decisions import apply_thresholds, decide_all, measured_of
from annotation.services.thresholds import APPLY, Preview, in_force, keeps, preview, set_thresholds
from annotation.states import Screened
from tests.factories import DroppedSceneFactory, SceneFactory, SourceVideoFactory, VideoBatchFactory

BLANK = ["", " ", "\n\t", "\u00a0", "\u3000 \x1c", "\x85"]
"""Descriptions that say nothing, whatever white space they are made of."""
WORDS = ["A man walks.", " x ", "\u200b", "[a-z]*", "é"]
ANYTHING = Thresholds(
    min_side=16,
    min_fps=0,
    video_min_ms=0,
    video_max_ms=86_400_000,
    needs_action_verb=False,
    scene_min_ms=0,
    scene_max_ms=3_600_000,
    people_share=0,
    area_min=0,
    motion_min=0,
)
"""Keeps whatever has a frame that was looked at."""
SETS = [
    Thresholds(),
    ANYTHING,
    Thresholds(needs_description=True, needs_action_verb=False),
    Thresholds(needs_description=True),
    Thresholds(people_max=1),
    Thresholds(people_min=2, people_max=2, people_share=0.5),
    Thresholds(people_min=9, people_share=0.1, area_min=0, motion_min=0),
    Thresholds(people_max=9, people_share=0.3),
    Thresholds(people_share=0),
    Thresholds(people_share=1),
    replace(ANYTHING, people_share=0.7),
    replace(ANYTHING, area_min=0.1),
    replace(ANYTHING, motion_min=0.06),
    replace(ANYTHING, scene_min_ms=2_000, scene_max_ms=2_000),
    replace(ANYTHING, min_side=360),
    replace(ANYTHING, min_fps=10),
    replace(ANYTHING, video_min_ms=1_000, video_max_ms=12_600_000),
    replace(ANYTHING, needs_action_verb=True),
    replace(ANYTHING, needs_description=True),
]


def drawn_videos(draw: random.Random, batch: VideoBatch, count: int) -> list[SourceVideo]:
    """Values lie on the thresholds, just beside them, or anywhere."""
    return [
        SourceVideoFactory.create(
            batch=batch,
            width=draw.choice([359, 360, 361, 1920]),
            height=draw.choice([359, 360, 361, 1080]),
            fps=draw.choice([9.99, 10.0, 29.97]),
            duration_ms=draw.choice([999, 1_000, 60_000, 12_600_000, 12_600_001]),
            description=draw.choice([*BLANK, *WORDS]),
            verbs=draw.choice([[], ["walk"]]),
        )
        if number % 2
        else SourceVideoFactory.create(batch=batch, description=[*BLANK, *WORDS][number % 11], verbs=[])
        for number in range(count)
    ]


def drawn_scene(draw: random.Random, video: SourceVideo, number: int) -> Scene:
    samples = draw.choice([0, 1, 5, 10])
    return SceneFactory.build(
        video=video,
        batch=video.batch,
        project=video.project,
        number=number,
        thumbnail="",
        length_ms=draw.choice([1_999, 2_000, 2_001, 59_999, 60_000, 60_001]),
        samples=samples,
        people_frames=people_frames_of([draw.choice([0, 1, 1, 2, 3, 9, 12]) for _ in range(samples)]),
        area=draw.choice([0.0, 0.00999, 0.01, 0.1, draw.random()]),
        motion=draw.choice([0.0, 0.05999, 0.06, 0.2, draw.random()]),
    )


def said_to_keep(scene: Scene, wanted: Thresholds) -> bool:
    """By the pure functions."""
    video = scene.video
    measured = VideoMeasured(
        width=video.width or 0,
        height=video.height or 0,
        fps=video.fps or 0,
        duration_ms=video.duration_ms or 0,
        description=video.description,
        verbs=video.verbs,
    )
    return decide_video(measured, wanted).is_kept and decide_scene(measured_of(scene), wanted).is_kept


def test_sql_and_the_pure_functions_agree(project: Project) -> None:
    """600 scenes of 40 videos, 19 sets of thresholds; each set keeps some and drops some."""
    draw = random.Random(7)
    videos = drawn_videos(draw, VideoBatchFactory.create(project=project), 40)
    Scene.objects.bulk_create(drawn_scene(draw, video, number) for video in videos for number in range(15))
    scenes = list(Scene.objects.select_related("video"))
    for wanted in SETS:
        said = {scene.pk for scene in scenes if said_to_keep(scene, wanted)}
        found = set(Scene.objects.filter(keeps(wanted, project=project)).values_list("pk", flat=True))
        assert found == said, wanted
        assert 0 < len(said) < len(scenes), wanted
        # They all count as kept now: what would be dropped changes.
        assert preview(project, wanted) == Preview(len(said), 600, 600 - len(said))


def test_white_space_is_what_python_says_it_is(project: Project) -> None:
    pattern = f"^[{module._WHITE_SPACE}]$"
    space = [chr(code) for code in range(1, sys.maxunicode + 1) if chr(code).isspace()]
    no_space = [chr(code) for code in range(1, 0x3100) if not chr(code).isspace()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT c FROM unnest(%s::text[]) AS c WHERE NOT c ~ %s", [space, pattern])
        assert cursor.fetchall() == []
        cursor.execute("SELECT c FROM unnest(%s::text[]) AS c WHERE c ~ %s", [no_space, pattern])
        assert cursor.fetchall() == []
    assert all(re.fullmatch(r"\s", one) for one in space)


def test_what_people_decided_by_hand_stays_whatever_it_measures(project: Project, adam: User) -> None:
    video = SourceVideoFactory.create(batch__project=project)
    SceneFactory.create(video=video, motion=0, by_hand=adam)
    SceneFactory.create(video=video, by_hand=adam, state=Screened.DROPPED, stage="hand", reason="dropped_by_hand")
    SceneFactory.create(video=video)
    assert preview(project, Thresholds()) == Preview(kept=2, of=3, changes=0)
    assert preview(project, Thresholds(motion_min=5)) == Preview(kept=1, of=3, changes=1)


def test_a_preview_counts_one_batch_or_all_and_never_another_project(project: Project) -> None:
    one, other = VideoBatchFactory.create_batch(2, project=project)
    SceneFactory.create(video__batch=one)
    DroppedSceneFactory(video__batch=one, reason="too_little_motion", motion=0.01)
    SceneFactory.create_batch(2, video__batch=other)
    SceneFactory.create()
    # Kept: 1 of the one, 2 of the other; another's is not counted.
    assert preview(project, Thresholds()) == Preview(3, 4, 0)
    assert preview(project, Thresholds(), batch=one) == Preview(1, 2, 0)
    assert preview(project, Thresholds(motion_min=0.01), batch=one) == Preview(2, 2, 1)
    assert preview(project, Thresholds(motion_min=9)) == Preview(0, 4, 3)


def test_a_preview_comes_true(project: Project, adam: User) -> None:
    """One scene is too small for the new ones, one moves enough for them, one stays."""
    video = SourceVideoFactory.create(batch__project=project)
    for area, motion in ((0.02, 0.3), (0.5, 0.05), (0.5, 0.3)):
        SceneFactory.create(video=video, area=area, motion=motion, state="")
    decide_all(video, list(video.scenes.select_related("video", "project")), Thresholds(), actor=None)
    wanted = Thresholds(area_min=0.1, motion_min=0.04)
    promised = preview(project, wanted)
    assert (preview(project, Thresholds()), promised) == (Preview(2, 3, 0), Preview(2, 3, 2))
    made = set_thresholds(project=project, user=adam, values=wanted.to_json())
    assert made is not None
    assert apply_thresholds(made.pk) == promised.changes
    assert Scene.objects.filter(state=Screened.KEPT).count() == promised.kept
    assert preview(project, in_force(project)) == Preview(2, 3, 0)


def test_setting_asks_a_worker_once_and_the_same_again_asks_nobody(project: Project, adam: User) -> None:
    assert in_force(project) == Thresholds()
    values = Thresholds(motion_min=0.1).to_json()
    made = set_thresholds(project=project, user=adam, values=values)
    assert made is not None
    assert set_thresholds(project=project, user=adam, values=values) is None
    assert in_force(project) == Thresholds(motion_min=0.1)
    assert list(Outbox.objects.filter(task=APPLY).values_list("args", flat=True)) == [[made.pk]]
    assert ThresholdSet.objects.get().created_by == adam


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"motion_min": -0.1}, "motion_min"),
        ({"motion_min": "0.1"}, "motion_min"),
        ({"people_min": 3, "people_max": 2}, "people_max"),
        ({"scene_min_ms": 5_000, "scene_max_ms": 4_000}, "scene_max_ms"),
        ({"loudness": 1}, "loudness"),
    ],
)
def test_what_is_out_of_bounds_is_refused_and_nothing_changes(
    project: Project, adam: User, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        set_thresholds(project=project, user=adam, values=values)
    assert set(refusal.value.detail["fields"]) == {field}
    assert not ThresholdSet.objects.exists()
    assert not Outbox.objects.filter(task=APPLY).exists()


def test_only_administrators_set_them(project: Project, oda: User, otto: User) -> None:
    for user in (oda, otto):
        with pytest.raises(RightMissing):
            set_thresholds(project=project, user=user, values={"motion_min": 0.1})
    assert not ThresholdSet.objects.exists()
