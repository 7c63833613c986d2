"""Freezing: what goes in, what is in the way, and that what is frozen stays."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.errors import BadInput, RightMissing
from annotation.models import Project, User
from annotation.services.captions import reopen, save, submit
from annotation.services.reviews import approve
from qa.models import QAItem, Release, ReleaseItem
from qa.releases.gate import InTheWay
from qa.services.releases import freeze_release
from tests.factories import PEOPLE, TEXT, ApprovedCaptionFactory, ClipFactory, SubmittedCaptionFactory
from tests.qa.scene import finish_clip


def names_in_the_way(refusal: InTheWay) -> list[str]:
    return [condition["name"] for condition in refusal.detail["conditions"]]


def test_a_release_holds_what_is_approved_and_nothing_else(project: Project, ana: User, rui: User, adam: User) -> None:
    finish_clip(project, author=ana, reviewer=rui, clip_id="clip-b")
    ApprovedCaptionFactory(
        project=project, author=ana, reviewer=rui, clip=ClipFactory.create(project=project, clip_id="clip-a")
    )
    SubmittedCaptionFactory(project=project, author=ana)  # not approved: stays out
    release = freeze_release(project=project, version="1.0.0", notes="first", actor=adam)
    assert [item.clip_id_text for item in release.items.all()] == ["clip-a", "clip-b"]
    assert (release.counts["clips"], release.counts["questions"]) == (2, 1)
    assert release.counts["by_category"]["action_sequence"] == 1
    assert (release.frozen_by, release.notes) == (adam, "first")


def test_the_content_is_what_people_approved(project: Project, ana: User, rui: User, adam: User) -> None:
    finish_clip(project, author=ana, reviewer=rui, clip_id="clip-b")
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    content = release.items.get().content
    pseudonym = {membership.user: membership.pseudonym for membership in project.memberships.all()}
    assert content["caption"] == ("There is one person in the video, a bald man. He spreads both arms. He jumps.")
    assert content["caption_marked"] == TEXT
    assert content["timeline"] == [
        {"start_ms": 300, "text": "He spreads both arms."},
        {"start_ms": 1000, "text": "He jumps."},
    ]
    assert content["provenance"] == {
        "draft_model": "test model",
        "prompt_version": None,
        "revisions": 1,
        "editors": [pseudonym[ana]],
        "approver": pseudonym[rui],
        "verdicts": {"approve": 1, "fix": 0, "return": 0},
        "word_edit_distance": 0,
    }
    (question,) = content["qa"]
    assert question["id"] == "clip-b-action_sequence-1"
    assert question["answer_text"] == question["options"][question["answer_index"]] == "He spreads both arms"
    assert question["answer"] == "ABCD"[question["answer_index"]]
    assert question["blind_answers"] == {"all": 1, "right": 1}


def test_nothing_approved_is_in_the_way(project: Project, ana: User, adam: User) -> None:
    SubmittedCaptionFactory(project=project, author=ana)
    with pytest.raises(InTheWay) as refusal:
        freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    assert names_in_the_way(refusal.value) == ["nothing_approved"]
    assert not Release.objects.exists()


def test_a_question_judged_against_an_earlier_caption_is_in_the_way(
    project: Project, ana: User, rui: User, oda: User, adam: User
) -> None:
    scene = finish_clip(project, author=ana, reviewer=rui)
    reopen(caption=scene.caption, user=oda, reason="he leaps", seen_number=1)
    changed = TEXT.replace("jumps", "leaps")
    save(caption=scene.caption, user=ana, etag='"1-0"', text=changed, people=PEOPLE)
    submit(caption=scene.caption, user=ana, etag='"2-0"', text=changed, people=PEOPLE)
    approve(caption=scene.caption, reviewer=rui, seen_number=2)
    with pytest.raises(InTheWay) as refusal:
        freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    assert names_in_the_way(refusal.value) == ["stale_questions"]
    assert refusal.value.detail["conditions"][0]["items"] == [
        {"id": scene.item.question_id, "url": "/projects/demo/clips/clip-a/questions"}
    ]


def test_what_is_frozen_stays_when_the_caption_changes(
    project: Project, ana: User, rui: User, oda: User, adam: User
) -> None:
    scene = finish_clip(project, author=ana, reviewer=rui)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    before = list(ReleaseItem.objects.filter(release=release).values_list("content", flat=True))
    reopen(caption=scene.caption, user=oda, reason="he leaps", seen_number=1)
    save(caption=scene.caption, user=ana, etag='"1-0"', text="Other words.", people=[])
    assert list(ReleaseItem.objects.filter(release=release).values_list("content", flat=True)) == before


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0-rc", "01.0.0", "", "1.0.0\n"])
def test_a_version_is_three_numbers(project: Project, ana: User, rui: User, adam: User, version: str) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    with pytest.raises(BadInput) as refusal:
        freeze_release(project=project, version=version, notes="", actor=adam)
    assert list(refusal.value.detail["fields"]) == ["version"]


@pytest.mark.parametrize("version", ["1.2.0", "1.1.9", "0.9.0"])
def test_a_version_is_later_than_the_latest(project: Project, ana: User, rui: User, adam: User, version: str) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    freeze_release(project=project, version="1.2.0", notes="", actor=adam)
    with pytest.raises(BadInput, match=r"later than 1\.2\.0"):
        freeze_release(project=project, version=version, notes="", actor=adam)
    freeze_release(project=project, version="1.10.0", notes="", actor=adam)
    assert Release.objects.count() == 2


@pytest.mark.parametrize("who", ["ana", "rui", "oda", "otto"])
def test_only_an_administrator_freezes(project: Project, ana: User, rui: User, oda: User, otto: User, who: str) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    actor = {"ana": ana, "rui": rui, "oda": oda, "otto": otto}[who]
    with pytest.raises(RightMissing):
        freeze_release(project=project, version="1.0.0", notes="", actor=actor)
    assert not Release.objects.exists()


def test_the_same_content_gives_the_same_digest_under_another_version(
    project: Project, ana: User, rui: User, adam: User
) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    first = freeze_release(project=project, version="1.0.0", notes="a", actor=adam)
    second = freeze_release(project=project, version="2.0.0", notes="b", actor=None)
    assert first.digest == second.digest


def test_freezing_takes_as_many_queries_for_ten_clips_as_for_two(
    project: Project, ana: User, rui: User, adam: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            latest = Release.objects.count()
            freeze_release(project=project, version=f"{latest + 1}.0.0", notes="", actor=adam)
        return len(captured)

    for n in range(2):
        finish_clip(project, author=ana, reviewer=rui, clip_id=f"few-{n}")
    few = queries()
    for n in range(8):
        finish_clip(project, author=ana, reviewer=rui, clip_id=f"more-{n}")
    assert queries() == few
    assert QAItem.objects.count() == 10
