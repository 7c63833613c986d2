"""Training data: what goes in, what stays out and why, and that it never meets a benchmark."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation import tasks
from annotation.caption_checks import VERSION
from annotation.errors import RightMissing
from annotation.models import Caption, Clip, DraftFlags, Outbox, Project, User
from annotation.services import draft_flags
from annotation.services.captions import save
from annotation.services.clip_flags import flag_clip
from annotation.services.near_duplicates import NEAR
from annotation.states import ClipStatus
from annotation.workflow import move
from qa.models import Release, ReleaseSettings
from qa.releases.gate import InTheWay, conditions_in_the_way
from qa.releases.overlaps import near_released
from qa.services.history import verify_project
from qa.services.releases import export_release, freeze_release, freeze_training_data
from tests.factories import ApprovedCaptionFactory, ProjectFactory, SceneFactory, SubmittedCaptionFactory
from tests.qa.releases.training import CLEAN, FLAGGED, bits_changed, drafted, hashes_for, own_clip

NOTHING_OUT = {"benchmark_source": 0, "near_duplicate": 0, "in_doubt": 0, "open_flags": 0, "marked_wrong": 0}


def freeze_train(project: Project, version: str = "2.0.0", **more: Any) -> Release:
    return freeze_training_data(project=project, version=version, notes="", actor=None, **more)


def ids_of(release: Release) -> list[str]:
    return list(release.items.order_by("pk").values_list("clip_id_text", flat=True))


def in_the_way(refusal: InTheWay) -> dict[str, list[str]]:
    return {one["name"]: [item["id"] for item in one["items"]] for one in refusal.detail["conditions"]}


@pytest.fixture
def measured(ana: User, rui: User) -> Clip:
    """A clip of another project that a benchmark release there has."""
    other = ProjectFactory.create(slug="measured")
    for user in (ana, rui):
        other.memberships.create(user=user, role="reviewer")
    clip = own_clip(other, "shown")
    ApprovedCaptionFactory(project=other, author=ana, reviewer=rui, clip=clip)
    freeze_release(project=other, version="1.0.0", notes="", actor=None)
    return clip


def test_training_data_holds_what_is_approved_and_what_is_drafted_without_flags(
    project: Project, ana: User, rui: User
) -> None:
    drafted(project, "b-drafted")
    drafted(project, "c-flagged", text=FLAGGED)
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=own_clip(project, "a-approved"))
    SubmittedCaptionFactory(project=project, author=ana, clip=own_clip(project, "d-in-review"))
    begun = drafted(project, "e-begun")
    save(caption=begun, user=ana, etag='"0-0"', text="Other words.", people=[])
    release = freeze_train(project)
    assert ids_of(release) == ["a-approved", "b-drafted"]
    assert (release.kind, release.counts["clips"], release.counts["drafted"]) == ("train", 2, 1)
    assert release.counts["excluded"] == {**NOTHING_OUT, "open_flags": 1}
    assert verify_project(project).counts["releases"] == 1


def test_each_clip_says_whether_somebody_approved_it(project: Project, ana: User, rui: User) -> None:
    drafted(project, "b-drafted")
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=own_clip(project, "a-approved"))
    approved, as_drafted = (item.content for item in freeze_train(project).items.order_by("pk"))
    assert (approved["status"], as_drafted["status"]) == ("approved", "drafted")
    assert as_drafted["caption_marked"] == CLEAN
    assert as_drafted["caption"] == "There is one person in the video, a bald man. He spreads both arms. He jumps."
    assert as_drafted["people"] == [{"key": "P1", "description": "bald man in a brown T-shirt"}]
    assert (as_drafted["split"], as_drafted["qa"]) == ("train", [])
    assert as_drafted["provenance"] == {
        "draft_model": "test model",
        "prompt_version": None,
        "revisions": 0,
        "editors": [],
        "approver": None,
        "verdicts": {"approve": 0, "fix": 0, "return": 0},
        "word_edit_distance": 0,
    }
    assert approved["provenance"]["approver"] is not None


def test_a_benchmark_has_no_drafted_caption_and_no_status(project: Project, ana: User, rui: User) -> None:
    drafted(project, "b-drafted")
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=own_clip(project, "a-approved"))
    release = freeze_release(project=project, version="1.0.0", notes="", actor=None)
    assert ids_of(release) == ["a-approved"]
    assert "status" not in release.items.get().content
    assert not {"drafted", "excluded"} & set(release.counts)


@pytest.mark.parametrize("same", ["source_id", "sha256", "original_sha256"])
def test_what_a_benchmark_of_any_project_shows_stays_out(project: Project, measured: Clip, same: str) -> None:
    drafted(project, "known", **{same: getattr(measured, same)})
    drafted(project, "other")
    release = freeze_train(project)
    assert ids_of(release) == ["other"]
    assert release.counts["excluded"] == {**NOTHING_OUT, "benchmark_source": 1}


def test_scenes_of_one_raw_video_are_of_one_source(project: Project, measured: Clip) -> None:
    mine = drafted(project, "known").clip
    for clip in (mine, measured):
        scene = SceneFactory.create(video__batch__project=clip.project, video__sha256="7" * 64)
        type(scene).objects.filter(pk=scene.pk).update(clip=clip)
    drafted(project, "other")
    assert ids_of(freeze_train(project)) == ["other"]


def test_clips_without_a_source_are_not_of_one_source(project: Project, ana: User, rui: User) -> None:
    clip = own_clip(project, "shown", source_id="")
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
    freeze_release(project=project, version="1.0.0", notes="", actor=None)
    drafted(project, "other", source_id="")
    assert ids_of(freeze_train(project)) == ["other"]  # and not the benchmark's own clip


def test_pictures_that_look_like_a_benchmark_stay_out(project: Project, measured: Clip) -> None:
    first, second, third = hashes_for("measured/shown")
    near = [bits_changed(first, NEAR), bits_changed(second, NEAR)]
    far = [bits_changed(first, NEAR + 1), bits_changed(second, NEAR + 1), bits_changed(third, NEAR + 1)]
    drafted(project, "two-of-three", hashes=[*near, "0123456789abcdef"])
    drafted(project, "one-of-three", hashes=[third, "0123456789abcdef", "1032547698badcfe"])
    drafted(project, "nine-bits", hashes=far)
    # A long clip with all of the benchmark's clip in it: one hash in five of its own, two in three of the other's.
    drafted(project, "holds-it", hashes=[first, second, *hashes_for("a"), *hashes_for("b"), *hashes_for("c")])
    release = freeze_train(project)
    assert ids_of(release) == ["nine-bits", "one-of-three"]
    assert release.counts["excluded"] == {**NOTHING_OUT, "near_duplicate": 2}


def test_pictures_of_one_colour_are_like_no_other(project: Project, measured: Clip) -> None:
    black = ["0" * 16, "8" + "0" * 15, "f" * 16]
    measured.looks.hashes = black
    measured.looks.save(update_fields=["hashes"])
    drafted(project, "dark", hashes=black)
    assert ids_of(freeze_train(project)) == ["dark"]


def test_clips_are_compared_however_many_there_are(
    project: Project, measured: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        drafted(project, f"other-{n}")
    like = drafted(project, "like", hashes=hashes_for("measured/shown")).clip
    for chunk, beside in ((1, 1), (2, 2), (500, 1024)):
        monkeypatch.setattr("qa.releases.overlaps.CHUNK", chunk)
        monkeypatch.setattr("qa.releases.overlaps._BESIDE", beside)
        assert near_released(Clip.objects.filter(project=project), kind="benchmark") == {like.pk}


def test_clips_that_cannot_be_compared_are_in_the_way(project: Project, measured: Clip) -> None:
    drafted(project, "known")
    drafted(project, "unseen", hashes=[])
    drafted(project, "flagged-unseen", hashes=[], text=FLAGGED)  # would stay out anyway
    with pytest.raises(InTheWay) as refusal:
        freeze_train(project)
    assert in_the_way(refusal.value) == {"unhashed": ["unseen"]}
    measured.looks.delete()
    with pytest.raises(InTheWay) as refusal:
        freeze_train(project)
    # A clip of another project is counted; its name is nobody's business here.
    assert in_the_way(refusal.value) == {"unhashed": ["unseen"]}
    assert refusal.value.detail["conditions"][0]["count"] == 2
    assert not project.releases.exists()


def test_without_any_benchmark_there_is_nothing_to_compare_with(project: Project) -> None:
    drafted(project, "unseen", hashes=[])
    assert ids_of(freeze_train(project)) == ["unseen"]


def test_a_clip_in_doubt_or_out_of_use_stays_out(project: Project, ana: User) -> None:
    doubtful, unused = drafted(project, "doubtful"), drafted(project, "unused")
    drafted(project, "good")
    flag_clip(clip=doubtful.clip, user=ana, reason="static")
    move(unused.clip, "exclude", actor=None, reason="a still")
    release = freeze_train(project)
    assert ids_of(release) == ["good"]
    assert release.counts["excluded"] == {**NOTHING_OUT, "in_doubt": 1}


def test_nothing_to_train_on_is_in_the_way(project: Project) -> None:
    drafted(project, "flagged", text=FLAGGED)
    with pytest.raises(InTheWay) as refusal:
        freeze_train(project)
    assert in_the_way(refusal.value) == {"nothing_to_train_on": []}


def test_a_benchmark_does_not_take_what_a_model_was_trained_on(
    project: Project, measured: Clip, ana: User, rui: User
) -> None:
    """Asked both ways: training data leaves out what a benchmark has, and a benchmark what training data has."""
    other = measured.project
    trained = drafted(project, "trained").clip
    freeze_train(project)
    for clip in (own_clip(other, "same-source", source_id=trained.source_id), own_clip(other, "free")):
        ApprovedCaptionFactory(project=other, author=ana, reviewer=rui, clip=clip)
    (condition,) = conditions_in_the_way(other)
    assert (condition.name, [item.id for item in condition.items]) == ("in_training_data", ["same-source"])
    with pytest.raises(InTheWay):
        freeze_release(project=other, version="2.0.0", notes="", actor=None)
    same = Clip.objects.get(clip_id="same-source")
    move(same, "exclude", actor=None, reason="trained on")
    assert same.state == ClipStatus.EXCLUDED
    assert ids_of(freeze_release(project=other, version="2.0.0", notes="", actor=None)) == ["free", "shown"]


def test_a_benchmark_does_not_take_what_looks_like_training_data(project: Project, ana: User, rui: User) -> None:
    drafted(project, "trained")
    freeze_train(project)
    other = ProjectFactory.create(slug="measured")
    for user in (ana, rui):
        other.memberships.create(user=user, role="reviewer")
    clip = own_clip(other, "alike", hashes=hashes_for("demo/trained"))
    ApprovedCaptionFactory(project=other, author=ana, reviewer=rui, clip=clip)
    with pytest.raises(InTheWay) as refusal:
        freeze_release(project=other, version="1.0.0", notes="", actor=None)
    assert in_the_way(refusal.value) == {"in_training_data": ["alike"]}


@pytest.mark.parametrize("who", ["ana", "rui", "oda", "otto"])
def test_only_an_administrator_freezes_training_data(
    project: Project, ana: User, rui: User, oda: User, otto: User, who: str
) -> None:
    drafted(project, "a")
    actor = {"ana": ana, "rui": rui, "oda": oda, "otto": otto}[who]
    with pytest.raises(RightMissing):
        freeze_training_data(project=project, version="1.0.0", notes="", actor=actor)
    assert not Release.objects.exists()


def test_both_kinds_share_one_line_of_versions(project: Project, ana: User, rui: User) -> None:
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=own_clip(project, "a"))
    drafted(project, "b")
    freeze_release(project=project, version="1.0.0", notes="", actor=None)
    with pytest.raises(Exception, match=r"later than 1\.0\.0"):
        freeze_train(project, "1.0.0")
    assert ids_of(freeze_train(project, "1.0.1")) == ["b"]


def test_nothing_of_training_data_is_held_out(project: Project) -> None:
    ReleaseSettings.objects.create(project=project, held_out_percent=90)
    for n in range(10):
        drafted(project, f"clip-{n}")
    release = freeze_train(project)
    assert (release.held_out_percent, release.counts["held_out"], release.counts["clips"]) == (0, 0, 10)


def test_many_unchecked_drafts_are_left_to_a_worker(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_flags, "CHUNK", 3)
    for n in range(3):
        drafted(project, f"clip-{n}")
    with pytest.raises(InTheWay) as refusal:
        freeze_train(project)
    assert in_the_way(refusal.value) == {"unchecked_drafts": []}
    waiting = Outbox.objects.get(task=draft_flags.CHECK)
    assert (waiting.args, waiting.queue) == ([project.pk], "video")
    assert not DraftFlags.objects.exists()
    tasks.check_drafts(project.pk)
    assert DraftFlags.objects.count() == 3
    assert freeze_train(project).counts["clips"] == 3


def test_drafts_are_checked_once_and_again_by_other_rules(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    drafted(project, "good")
    drafted(project, "bad", text=FLAGGED)
    assert draft_flags.check_drafts(project) == 2
    assert draft_flags.check_drafts(project) == 0
    flags = {one.draft.clip.clip_id: (one.rules, one.checks_version) for one in DraftFlags.objects.all()}
    assert flags == {"good": ([], VERSION), "bad": (["speculation"], VERSION)}
    monkeypatch.setattr(draft_flags, "VERSION", "next")
    monkeypatch.setattr(draft_flags, "rules_that_fire", lambda _: ["new-rule"])
    assert draft_flags.check_drafts(project) == 2
    assert set(DraftFlags.objects.values_list("checks_version", flat=True)) == {"next"}
    assert DraftFlags.objects.filter(rules=["new-rule"]).count() == 2


def test_several_processes_find_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_flags, "CHUNK", 2)
    for n in range(5):
        drafted(project, f"clip-{n}", text=FLAGGED if n % 2 else CLEAN)
    assert draft_flags.check_drafts(project, processes=2) == 5
    found = Caption.objects.order_by("clip__clip_id").values_list("draft__flags__rules", flat=True)
    assert list(found) == [[], ["speculation"], [], ["speculation"], []]


def test_an_export_says_what_it_is_and_what_stays_out(project: Project, tmp_path: Path) -> None:
    drafted(project, "good", may_redistribute=False)
    drafted(project, "bad", text=FLAGGED)
    export_release(freeze_train(project), layout="haicbench", out=tmp_path / "out")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert (manifest["kind"], manifest["audit"], manifest["filters"]) == (
        "train",
        None,
        {"categories": [], "splits": ["train"]},
    )
    assert manifest["counts"]["drafted"] == 1
    assert manifest["counts"]["excluded"] == {**NOTHING_OUT, "open_flags": 1}
    (clip,) = json.loads((tmp_path / "out/haicbench.json").read_text())["clips"]
    assert (clip["clip_id"], clip["split"], clip["status"], clip["caption_marked"]) == (
        "good",
        "train",
        "drafted",
        CLEAN,
    )


def test_the_command_freezes_training_data_and_says_what_stays_out(project: Project) -> None:
    drafted(project, "good")
    drafted(project, "bad", text=FLAGGED)
    said = StringIO()
    call_command("release", project="demo", release_version="1.0.0", kind="train", stdout=said)
    assert said.getvalue().splitlines()[:2] == [
        "demo 1.0.0: 1 clips, 0 questions",
        "1 of them drafted; left out: 0 benchmark_source, 0 near_duplicate, 0 in_doubt, 1 open_flags, 0 marked_wrong",
    ]
    with pytest.raises(CommandError, match="later than"):
        call_command("release", project="demo", release_version="1.0.0", kind="train", stdout=said)
