"""What is kept of raw videos: by thresholds, by hand, and what becomes of the clips."""

from typing import Any

import pytest

from annotation.accumulation.screening import Thresholds
from annotation.errors import BadInput, MoveNotAllowed, RightMissing
from annotation.models import ClipFlag, Event, Outbox, Project, Scene, SourceVideo, ThresholdSet, User
from annotation.services.near_duplicates import link_near
from annotation.services.scene_cuts import CUT
from annotation.services.scene_decisions import apply_thresholds, by_thresholds_again, drop_by_hand, keep_by_hand
from annotation.services.thresholds import APPLY, in_force, set_thresholds
from annotation.states import ClipStatus, Screened
from tests.factories import (
    ClipFactory,
    DraftedCaptionFactory,
    DroppedSceneFactory,
    SceneFactory,
    SourceVideoFactory,
    SubmittedCaptionFactory,
    VideoBatchFactory,
)


@pytest.fixture
def video(project: Project) -> SourceVideo:
    return SourceVideoFactory.create(batch=VideoBatchFactory.create(project=project), video_id="jump")


@pytest.fixture
def scene(video: SourceVideo) -> Scene:
    return SceneFactory.create(video=video, number=1, motion=0.281)


def set_and_apply(project: Project, user: User, **values: Any) -> None:
    made = set_thresholds(project=project, user=user, values={**in_force(project).to_json(), **values})
    assert made is not None
    apply_thresholds(made.pk)


def fresh(scene: Scene) -> Scene:
    return Scene.objects.select_related("clip", "video").get(pk=scene.pk)


def test_thresholds_move_decisions_and_the_old_one_stays_in_the_events(
    project: Project, video: SourceVideo, scene: Scene, adam: User
) -> None:
    before = SourceVideo.objects.get().frames_decoded
    set_and_apply(project, adam, motion_min=0.3)
    assert (fresh(scene).state, fresh(scene).stage, fresh(scene).reason) == ("dropped", "action", "too_little_motion")
    set_and_apply(project, adam, motion_min=0.3, area_min=0.07)
    assert fresh(scene).reason == "people_too_small"
    set_and_apply(project, adam, motion_min=0.06, area_min=0.01)
    assert (fresh(scene).state, fresh(scene).stage, fresh(scene).reason) == ("kept", "", "")
    events = Event.objects.filter(object_type="scene", object_id=scene.object_id)
    assert list(events.values_list("verb", "from_state", "to_state", "reason", "actor")) == [
        ("screen", "kept", "dropped", "action: too_little_motion", adam.pk),
        ("screen", "dropped", "dropped", "existence: people_too_small", adam.pk),
        ("screen", "dropped", "kept", "within the thresholds", adam.pk),
    ]
    assert SourceVideo.objects.get().frames_decoded == before  # nothing was looked at again
    assert ThresholdSet.objects.count() == 3


def test_a_video_that_metadata_drops_takes_its_scenes_along_and_brings_them_back(
    project: Project, video: SourceVideo, scene: Scene, adam: User
) -> None:
    still = DroppedSceneFactory(reason="too_little_motion", video=video, number=2, motion=0.01)
    set_and_apply(project, adam, min_side=480)
    video.refresh_from_db()
    assert (video.state, video.stage, video.reason) == ("dropped", "metadata", "low_resolution")
    assert {(fresh(one).state, fresh(one).reason) for one in (scene, still)} == {("dropped", "low_resolution")}
    set_and_apply(project, adam, min_side=360)
    video.refresh_from_db()
    assert video.state == Screened.KEPT
    assert (fresh(scene).state, fresh(still).reason) == ("kept", "too_little_motion")


def test_the_same_thresholds_change_nothing_and_others_need_the_right_and_sense(
    project: Project, scene: Scene, ana: User, adam: User
) -> None:
    assert set_thresholds(project=project, user=adam, values=Thresholds().to_json()) is None
    with pytest.raises(RightMissing):
        set_thresholds(project=project, user=ana, values={"motion_min": 0.1})
    bad: list[tuple[dict[str, Any], str]] = [
        ({"motion_min": "0.1"}, "motion_min"),
        ({"people_min": 0}, "people_min"),
        ({"people_min": 1.5}, "people_min"),
        ({"people_min": 3, "people_max": 2}, "people_max"),
        ({"scene_min_ms": 9000, "scene_max_ms": 8000}, "scene_max_ms"),
        ({"needs_action_verb": 1}, "needs_action_verb"),
        ({"people_share": float("nan")}, "people_share"),
        ({"motion": 0.1}, "motion"),
    ]
    for values, field in bad:
        with pytest.raises(BadInput) as refusal:
            set_thresholds(project=project, user=adam, values=values)
        assert set(refusal.value.detail["fields"]) == {field}
    assert not ThresholdSet.objects.exists()
    assert not Outbox.objects.filter(task=APPLY).exists()


def test_newer_thresholds_are_not_undone_by_an_older_job(project: Project, scene: Scene, adam: User) -> None:
    older = set_thresholds(project=project, user=adam, values={"motion_min": 0.3})
    newer = set_thresholds(project=project, user=adam, values={"motion_min": 0.1})
    assert older is not None
    assert newer is not None
    apply_thresholds(newer.pk)
    assert apply_thresholds(older.pk) == 0
    assert fresh(scene).state == Screened.KEPT


def test_what_is_kept_now_is_cut_and_what_is_dropped_again_is_not(
    project: Project, video: SourceVideo, adam: User
) -> None:
    still = DroppedSceneFactory(reason="too_little_motion", video=video, motion=0.05)
    set_and_apply(project, adam, motion_min=0.04)
    assert (fresh(still).state, fresh(still).cut) == ("kept", Scene.Cut.QUEUED)
    assert list(Outbox.objects.filter(task=CUT).values_list("args", "queue")) == [([still.pk], "video")]
    set_and_apply(project, adam, motion_min=0.06)
    assert (fresh(still).state, fresh(still).cut) == ("dropped", Scene.Cut.NONE)


def test_a_clip_that_nobody_worked_on_leaves_and_comes_back_with_its_scene(
    project: Project, scene: Scene, adam: User
) -> None:
    clip = DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="jump-s01")).clip
    Scene.objects.update(clip=clip, cut=Scene.Cut.DONE)
    set_and_apply(project, adam, motion_min=0.3)
    clip.refresh_from_db()
    assert (clip.state, clip.caption.is_held) == (ClipStatus.EXCLUDED, True)
    assert not ClipFlag.objects.exists()
    set_and_apply(project, adam, motion_min=0.06)
    clip = fresh(scene).clip or clip
    assert (clip.state, clip.caption.is_held) == (ClipStatus.ACTIVE, False)
    assert not Outbox.objects.filter(task=CUT).exists()  # it is there already
    verbs = Event.objects.filter(object_type="clip", object_id=clip.object_id).values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["exclude", "restore"]


def test_a_clip_with_human_work_is_flagged_and_never_dropped(
    project: Project, scene: Scene, ana: User, adam: User
) -> None:
    clip = ClipFactory.create(project=project, clip_id="jump-s01")
    SubmittedCaptionFactory(project=project, author=ana, clip=clip)
    Scene.objects.update(clip=clip, cut=Scene.Cut.DONE)
    set_and_apply(project, adam, motion_min=0.3)
    clip.refresh_from_db()
    assert (fresh(scene).state, clip.state) == (Screened.DROPPED, ClipStatus.ACTIVE)
    flag = ClipFlag.objects.get()
    assert (flag.clip, flag.reason, flag.note) == (clip, "screening", "no longer kept: too_little_motion")


def test_a_person_has_the_last_word_until_they_give_it_back(
    project: Project, scene: Scene, ana: User, adam: User
) -> None:
    with pytest.raises(RightMissing):
        drop_by_hand(scene=scene, user=ana, reason="A poster.")
    with pytest.raises(BadInput):
        drop_by_hand(scene=scene, user=adam, reason="  ")
    assert fresh(scene).state == Screened.KEPT
    drop_by_hand(scene=scene, user=adam, reason="A poster.")
    dropped = fresh(scene)
    assert (dropped.state, dropped.reason, dropped.hand_reason) == ("dropped", "dropped_by_hand", "A poster.")
    set_and_apply(project, adam, motion_min=0.1)
    assert fresh(scene).reason == "dropped_by_hand"
    keep_by_hand(scene=fresh(scene), user=adam, reason="No, she moves.")
    set_and_apply(project, adam, motion_min=0.9)
    assert (fresh(scene).state, fresh(scene).by_hand) == ("kept", adam)
    by_thresholds_again(scene=fresh(scene), user=adam)
    assert (fresh(scene).state, fresh(scene).by_hand, fresh(scene).hand_reason) == ("dropped", None, "")
    with pytest.raises(MoveNotAllowed):
        by_thresholds_again(scene=fresh(scene), user=adam)
    events = Event.objects.filter(object_type="scene").values_list("verb", "reason")
    assert list(events) == [
        ("drop", "A poster."),
        ("keep", "No, she moves."),
        ("screen", "action: too_little_motion"),
    ]


def test_scenes_that_look_alike_are_linked_to_the_first_of_them(project: Project, video: SourceVideo) -> None:
    first = SceneFactory.create(
        video=video, number=1, hashes=["a3f0c1d2e4b59687", "0123456789abcdef", "fedcba9876543210"]
    )
    # two of three hashes within 8 bits: …87 against …84 differs in 2 bits (0x7 ^ 0x4 = 0b011), the second is the same
    second = SceneFactory.create(
        video=video, number=2, hashes=["a3f0c1d2e4b59684", "0123456789abcdef", "00ff00ff00ff00ff"]
    )
    # one of three only
    third = SceneFactory.create(
        video=video, number=3, hashes=["a3f0c1d2e4b59687", "1111222233334444", "5555666677778888"]
    )
    # a black picture is like every other black picture, and says nothing
    fourth = SceneFactory.create(video=video, number=4, hashes=["0" * 16] * 3)
    fifth = SceneFactory.create(video=video, number=5, hashes=["0" * 16] * 3)
    link_near([first, second, third, fourth, fifth])
    assert [fresh(one).near_id for one in (first, second, third, fourth, fifth)] == [None, first.pk, None, None, None]


def test_scenes_of_another_project_are_nobodys_neighbours(project: Project, video: SourceVideo) -> None:
    hashes = ["a3f0c1d2e4b59687"] * 3
    link_near([SceneFactory.create(video=video, hashes=hashes)])
    other = SceneFactory.create(hashes=hashes)
    link_near([other])
    assert fresh(other).near_id is None
