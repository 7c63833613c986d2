"""The page "Accumulation": what it counts and shows, and what its filters lead to."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import Clip, Project, Scene, SourceVideo, User, VideoBatch
from annotation.services.funnel import PAGE
from annotation.services.scene_decisions import drop_by_hand
from annotation.states import ClipStatus, Screened
from tests.annotation.views.accumulation_page import (
    HOME,
    batch,
    card_of,
    client,
    page_of,
    shown,
    steps,
    video,
    words,
)
from tests.factories import (
    ClipFactory,
    DroppedSceneFactory,
    SceneFactory,
    SourceVideoFactory,
)

__all__ = ["batch", "client", "video"]


# --- the funnel ---


def test_the_funnel_counts_videos_then_scenes_with_rates_and_reasons(
    batch: VideoBatch, video: SourceVideo, client: Client
) -> None:
    """5 videos: 1 kept, 2 dropped, 1 that cannot be read, 1 not measured. Of the kept one 6 scenes: 1 falls for its
    length, 2 for people, 1 for motion, 2 are kept."""
    dropped: dict[str, Any] = {"batch": batch, "state": Screened.DROPPED, "stage": "metadata"}
    for reason in ("low_resolution", "no_action_verb"):
        SceneFactory.create(
            video=SourceVideoFactory.create(**dropped, reason=reason),
            state=Screened.DROPPED,
            stage="metadata",
            reason=reason,
        )
    SourceVideoFactory.create(**dropped, reason="media_corrupt", status=SourceVideo.Status.REFUSED)
    SourceVideoFactory.create(batch=batch, state="", status=SourceVideo.Status.QUEUED)
    DroppedSceneFactory(video=video, reason="scene_too_short")
    for reason in ("too_few_people", "people_too_small", "too_little_motion"):
        DroppedSceneFactory(video=video, reason=reason)
    SceneFactory.create_batch(2, video=video)
    page = page_of(client)
    assert steps(page) == [
        "Videos listed 5 1 licence",
        "Metadata filter 1 25.0 % kept of 4 dropped: 1 low resolution, 1 media corrupt, 1 no action verb",
        "Scene split 5 83.3 % kept of 6, 6.0 a video dropped: 1 scene too short",
        "People filter 3 60.0 % kept of 5 dropped: 1 people too small, 1 too few people",
        "Action filter 2 66.7 % kept of 3 dropped: 1 too little motion",
    ]
    said = words(page)
    assert "1 video waits to be measured" in said
    assert "1 video cannot be read" in said


def test_who_was_dropped_by_hand_is_in_no_stage_and_counted_apart(
    video: SourceVideo, adam: User, client: Client
) -> None:
    scene = SceneFactory.create_batch(2, video=video)[0]
    drop_by_hand(scene=scene, user=adam, reason="Her face is shown.")
    page = page_of(client)
    assert steps(page)[2].startswith("Scene split 1 100.0 % kept of 1")
    assert "1 dropped by hand" in words(page)
    assert shown(page_of(client, f"{HOME}?stage=hand")) == [scene.pk]


def test_a_batch_is_looked_at_by_itself(project: Project, video: SourceVideo, client: Client) -> None:
    mine = SceneFactory.create(video=video)
    other = SceneFactory.create(video__batch__project=project)
    foreign = SceneFactory.create()
    assert shown(page_of(client)) == [mine.pk, other.pk]
    page = page_of(client, f"{HOME}?batch={mine.batch_id}")
    assert shown(page) == [mine.pk]
    assert steps(page)[0].startswith("Videos listed 1 ")
    assert "Batch “street”" in page
    for absent in (foreign.batch_id, 999_999):
        assert client.get(f"{HOME}?batch={absent}").status_code == 404


def test_before_the_first_batch_the_page_says_what_to_do(client: Client, project: Project) -> None:
    page = page_of(client)
    assert "./haic manage accumulate MANIFEST.jsonl --project demo" in page
    assert "data-thresholds" not in page


# --- the gallery ---


def test_each_stage_leads_to_what_it_dropped(video: SourceVideo, client: Client) -> None:
    kept = SceneFactory.create(video=video)
    short, few, small, still = (
        DroppedSceneFactory(video=video, reason=reason)
        for reason in ("scene_too_short", "too_few_people", "people_too_small", "too_little_motion")
    )
    links = re.findall(r'<li[^>]*><a href="([^"]+)">', page_of(client).split('<ol class="stages">')[1])[:5]
    found = [shown(page_of(client, HOME + link.replace("&amp;", "&"))) for link in links]
    assert found == [[kept.pk, short.pk, few.pk, small.pk, still.pk], [], [short.pk], [few.pk, small.pk], [still.pk]]
    assert 'aria-current="step"' in page_of(client, f"{HOME}?stage=existence&show=dropped")
    assert shown(page_of(client, f"{HOME}?show=kept")) == [kept.pk]
    assert shown(page_of(client, f"{HOME}?show=dropped&reason=people_too_small")) == [small.pk]


@pytest.mark.parametrize(
    "query",
    ["stage=nonsense", "show=some", "after=x", "after=²", "batch=-1", f"reason={'x' * 41}", "reason=%00", "q=x"],
)
def test_what_no_filter_knows_is_refused(video: SourceVideo, client: Client, query: str) -> None:
    assert client.get(f"{HOME}?{query}").status_code == 400


def test_a_card_says_what_was_measured_and_marks_what_dropped_it(video: SourceVideo, client: Client) -> None:
    kept = SceneFactory.create(video=video, number=1)
    small = DroppedSceneFactory(video=video, number=2, reason="people_too_small", area=0.004)
    few = DroppedSceneFactory(
        video=video, number=3, reason="too_few_people", people_frames=[6, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    )
    short = DroppedSceneFactory(video=video, number=4, reason="scene_too_short", length_ms=1_900)
    page = page_of(client)
    assert "vid-1 #1 A man walks through a hall. people 1 box area 6.1 % motion 0.281 kept" in words(
        card_of(page, kept)
    )
    assert "data-fail" not in card_of(page, kept)
    assert "<dd data-fail>0.4 %</dd>" in card_of(page, small)
    assert "people too small" in card_of(page, small)
    # One person is in 6 of 10 frames: 80 % of them hold nobody for certain.
    assert "<dd data-fail>0</dd>" in card_of(page, few)
    assert "too few people: 1 in 60 % of frames" in card_of(page, few)
    assert '<span class="dur" data-fail>1.9 s</span>' in card_of(page, short)
    assert [card_of(page, one).count('icons.svg#check"') for one in (kept, small)] == [2, 1]  # one is on the button


def test_boxes_and_skeletons_are_drawn_where_they_were_found(video: SourceVideo, client: Client) -> None:
    """640 × 360: a box from (100, 250) to (500, 750) thousandths is from (64, 90) to (320, 270)."""
    unsure = [[0, 0, 0]] * 17
    skeleton = [*unsure]
    skeleton[5], skeleton[7], skeleton[9] = [100, 100, 90], [200, 200, 31], [300, 300, 29]
    SceneFactory.create(video=video, shown={"time_ms": 40, "boxes": [[100, 250, 500, 750]], "skeletons": [skeleton]})
    page = page_of(client)
    assert 'viewBox="0 0 640 360"' in page
    assert 'class="box" d="M64.0 90.0H320.0V270.0H64.0Z"' in page
    assert 'class="limbs" d="M64.0 36.0L128.0 72.0"' in page  # the shoulder to the elbow; the wrist is not sure enough
    assert 'class="joints" d="M64.0 36.0h0 M128.0 72.0h0"' in page
    assert "style=" not in page


def test_a_card_says_who_decided_how_far_its_clip_is_and_what_it_looks_like(
    project: Project, video: SourceVideo, adam: User, client: Client
) -> None:
    first = SceneFactory.create(video=video, number=1, clip=ClipFactory.create(project=project, clip_id="vid-1-s01"))
    queued = SceneFactory.create(video=video, cut=Scene.Cut.QUEUED, near=first)
    failed = SceneFactory.create(video=video, cut=Scene.Cut.FAILED, cut_detail="No sound track can be read.")
    by_hand = SceneFactory.create(video=video, by_hand=adam, hand_reason="She is small, but clear.")
    out = ClipFactory.create(project=project)
    excluded = DroppedSceneFactory(video=video, reason="too_little_motion", clip=out)
    Clip.objects.filter(pk=out.pk).update(state=ClipStatus.EXCLUDED)
    worked_on = DroppedSceneFactory(
        video=video, reason="too_little_motion", clip=ClipFactory.create(project=project, clip_id="worked-on")
    )
    page = page_of(client)
    assert 'href="/projects/demo/clips/vid-1-s01/caption"' in card_of(page, first)
    assert "waits to be cut" in card_of(page, queued)
    near = re.search(r'looks like <a href="([^"]+)">vid-1 #1<', card_of(page, queued))
    assert near is not None
    query, _, anchor = near.group(1).partition("#")
    assert (shown(page_of(client, HOME + query))[0], anchor) == (first.pk, f"scene-{first.pk}")
    assert "cutting failed" in card_of(page, failed)
    assert "No sound track can be read." in card_of(page, failed)
    assert "by hand by Adam Berg: She is small, but clear." in card_of(page, by_hand)
    assert "By thresholds again" in card_of(page, by_hand)
    assert "By thresholds again" not in card_of(page, first)
    assert "clip excluded" in card_of(page, excluded)
    assert "its clip stays" in card_of(page, worked_on)


def test_more_scenes_come_by_a_link_or_into_the_page(video: SourceVideo, client: Client) -> None:
    scenes = [scene.pk for scene in SceneFactory.create_batch(PAGE + 2, video=video, thumbnail="")]
    page = page_of(client, f"{HOME}?show=kept")
    assert shown(page) == scenes[:PAGE]
    more = re.search(r'href="([^"]+)" hx-get="([^"]+)"', page)
    assert more is not None
    assert more.group(1) == more.group(2)
    address = HOME + more.group(1).replace("&amp;", "&")
    assert "show=kept" in address
    assert shown(page_of(client, address)) == scenes[PAGE:]
    part = page_of(client, address, **{"HX-Request": "true"})
    assert shown(part) == scenes[PAGE:]
    assert "<html" not in part
    assert "data-more" not in part


def test_dropped_videos_are_listed_with_their_reasons(batch: VideoBatch, client: Client) -> None:
    dropped: dict[str, Any] = {"batch": batch, "state": Screened.DROPPED, "stage": "metadata"}
    SourceVideoFactory.create(**dropped, video_id="low", reason="low_resolution", width=320, height=240)
    broken = {"width": None, "height": None, "fps": None, "duration_ms": None}
    SourceVideoFactory.create(**dropped, video_id="broken", reason="media_corrupt", detail="It ends early.", **broken)
    SourceVideoFactory.create(batch=batch, video_id="kept")
    table = words(page_of(client, f"{HOME}?stage=metadata&show=dropped").split("<table")[1].split("</table>")[0])
    assert "low low resolution 320 × 240, 25 fps 20.0 s" in table
    assert "broken media corrupt It ends early." in table
    assert "kept" not in table
    one = words(page_of(client, f"{HOME}?stage=metadata&reason=media_corrupt").split("<table")[1].split("</table>")[0])
    assert "It ends early." in one
    assert "320 × 240" not in one


def test_dropped_videos_come_page_by_page(batch: VideoBatch, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.services.funnel.VIDEO_PAGE", 2)
    for number in range(3):
        SourceVideoFactory.create(
            batch=batch, video_id=f"v{number}", state=Screened.DROPPED, stage="metadata", reason="low_resolution"
        )
    page = page_of(client, f"{HOME}?stage=metadata")
    assert re.findall(r'<th scope="row">(\w+)<', page) == ["v0", "v1"]
    more = re.search(r'href="([^"]+)">More videos', page)
    assert more is not None
    assert re.findall(r'<th scope="row">(\w+)<', page_of(client, HOME + more.group(1).replace("&amp;", "&"))) == ["v2"]


@pytest.mark.parametrize("query", ["", "?stage=metadata"])
def test_the_page_asks_as_often_for_twenty_scenes_as_for_two(
    project: Project, video: SourceVideo, adam: User, client: Client, query: str
) -> None:
    def more(count: int) -> None:
        for _ in range(count):
            clip = ClipFactory.create(project=project)
            near = SceneFactory.create(video__batch__project=project, thumbnail="")
            SceneFactory.create(video__batch__project=project, thumbnail="", clip=clip, near=near, by_hand=adam)
            SourceVideoFactory.create(batch=video.batch, state=Screened.DROPPED, stage="metadata", reason="low_fps")

    counts = []
    for number in (1, 9):
        more(number)
        with CaptureQueriesContext(connection) as asked:
            page_of(client, HOME + query)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    print(f"{counts[0]} queries")  # noqa: T201
