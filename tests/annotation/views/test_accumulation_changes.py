"""The page "Accumulation": setting thresholds, deciding by hand, and who may."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotation.accumulation.screening import Thresholds
from annotation.models import Event, Project, Scene, SourceVideo, ThresholdSet, User
from annotation.services.thresholds import in_force
from annotation.states import Screened
from tests.annotation.views.accumulation_page import (
    HOME,
    PREVIEW,
    SAVED,
    SignIn,
    batch,
    client,
    page_of,
    video,
    words,
)
from tests.factories import (
    MembershipFactory,
    SceneFactory,
    VideoBatchFactory,
)

__all__ = ["batch", "client", "video"]


# --- thresholds ---


def test_the_form_shows_the_thresholds_in_force_over_what_was_measured(
    project: Project, video: SourceVideo, client: Client
) -> None:
    SceneFactory.create(video=video, motion=0.03, area=0.39)
    SceneFactory.create(video=video, motion=9.0, area=0.05)
    ThresholdSet.objects.create(project=project, values=Thresholds(area_min=0.1, people_max=3).to_json())
    page = page_of(client)
    typed = set(SAVED) - {"needs_action_verb"}
    values = {name: re.findall(rf'name="{name}"[^>]*? value="([^"]*)"', page) for name in typed}
    expected = {**SAVED, "area_percent": "10", "people_max": "3"}
    assert values == {name: [expected[name]] for name in typed}
    assert re.search(r'name="needs_action_verb"[^>]* checked', page)
    assert not re.search(r'name="needs_description"[^>]* checked', page)
    # Areas from 0 to 40 %: 10 % is a quarter of the axis; bars of 2 % each, so 5 % is in the third, 39 % in the last.
    area = page.split('id="kept-area"')[1].split("</svg>")[0]
    assert 'x="25.0" y="0" width="75.0"' in area
    assert re.findall(r'<rect x="([\d.]+)" y="0\.0"', area) == ["10.0", "95.0"] * 2
    # Motion over the end of the axis is in its last bar.
    motion = page.split('id="kept-motion"')[1].split("</svg>")[0]
    assert re.findall(r'<rect x="([\d.]+)" y="0\.0"', motion) == ["5.0", "95.0"] * 2


def test_saving_sets_them_and_says_that_decisions_follow(
    project: Project, video: SourceVideo, adam: User, client: Client
) -> None:
    scene = SceneFactory.create(video=video, motion=0.1)
    said = {**SAVED, "motion_min": "0.2", "scene_min_s": "2.5", "area_percent": "1.1", "people_max": "4"}
    answer = client.post(f"{HOME}?show=kept", said)
    assert (answer.status_code, answer["Location"]) == (302, f"{HOME}?show=kept")
    wanted = Thresholds(motion_min=0.2, scene_min_ms=2_500, area_min=0.011, people_max=4)
    assert in_force(project) == wanted
    assert ThresholdSet.objects.get().created_by == adam
    page = words(page_of(client))
    assert "Thresholds saved. The decisions follow" in page
    assert "decisions of 1 scene follow" in page
    scene.refresh_from_db()
    assert scene.state == Screened.KEPT  # a worker decides
    client.post(HOME, said)
    assert "in force already" in page_of(client)
    assert ThresholdSet.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "at", "problem"),
    [
        ({"motion_min": "much"}, "motion_min", "Enter a number"),
        ({"motion_min": "11"}, "motion_min", "less than or equal to 10"),
        ({"area_percent": "nan"}, "area_percent", "Enter a number"),
        ({"scene_min_s": "2.0001"}, "scene_min_s", "3 decimal places"),
        ({"people_min": ""}, "people_min", "required"),
        ({"people_min": "3", "people_max": "2"}, "people_max", "must not be below “People at least”"),
        ({"scene_min_s": "9", "scene_max_s": "8"}, "scene_max_s", "must not be below “Scenes last at least”"),
        ({"min_side": "4"}, "min_side", "greater than or equal to 16"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_set(
    video: SourceVideo, client: Client, wrong: dict[str, str], at: str, problem: str
) -> None:
    SceneFactory.create(video=video)
    answer = client.post(HOME, {**SAVED, **wrong})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert problem in words(page.split(f'id="id_{at}_error"')[1].split("</p>")[0])
    assert re.search(rf'name="{at}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*id_{at}_error', page)
    assert all(f'value="{value}"' in page for value in wrong.values() if value)
    assert not ThresholdSet.objects.exists()


def test_what_would_be_kept_is_answered_for_any_thresholds(
    project: Project, video: SourceVideo, client: Client
) -> None:
    SceneFactory.create(video=video, motion=0.1)
    SceneFactory.create(video=video, motion=0.3)
    SceneFactory.create(video__batch__project=project, motion=0.3)
    assert client.get(PREVIEW).json() == {"kept": 3, "of": 3, "changes": 0}
    stricter = {**SAVED, "motion_min": "0.2"}
    assert client.get(PREVIEW, stricter).json() == {"kept": 2, "of": 3, "changes": 1}
    assert client.get(PREVIEW, {**stricter, "batch": str(video.batch_id)}).json() == {"kept": 1, "of": 2, "changes": 1}
    assert client.get(PREVIEW, {**SAVED, "people_min": "2"}).json()["kept"] == 0
    assert not ThresholdSet.objects.exists()


def test_a_preview_of_what_is_no_threshold_is_refused_with_the_field(video: SourceVideo, client: Client) -> None:
    for wrong, field in (
        ({**SAVED, "motion_min": "x"}, "motion_min"),
        ({"motion_min": "0.1"}, "min_side"),
        ({**SAVED, "people_min": "3", "people_max": "2"}, "people_max"),
    ):
        answer = client.get(PREVIEW, wrong)
        assert answer.status_code == 400
        assert f"{field}: " in answer.content.decode(), field
    assert client.get(PREVIEW, {**SAVED, "is_staff": "1"}).status_code == 400
    assert client.get(PREVIEW, {"batch": VideoBatchFactory.create().pk}).status_code == 404


# --- by hand ---


def test_a_person_drops_keeps_and_takes_it_back(video: SourceVideo, adam: User, client: Client) -> None:
    scene = SceneFactory.create(video=video, number=7)
    where = reverse("accumulation_scene", args=["demo", scene.pk])
    answer = client.post(f"{where}?show=kept&after=3", {"verb": "drop", "reason": "Her face is shown."})
    assert answer["Location"] == f"{HOME}?show=kept&after=3#scene-{scene.pk}"
    assert "vid-1 #7 is dropped" in words(page_of(client))
    scene.refresh_from_db()
    assert (scene.state, scene.by_hand, scene.hand_reason) == (Screened.DROPPED, adam, "Her face is shown.")
    client.post(where, {"verb": "keep", "reason": "She agreed."})
    scene.refresh_from_db()
    assert (scene.state, scene.hand_reason) == (Screened.KEPT, "She agreed.")
    client.post(where, {"verb": "undo"})
    scene.refresh_from_db()
    assert (scene.state, scene.by_hand) == (Screened.KEPT, None)
    events = Event.objects.filter(object_type="scene").order_by("pk").values_list("verb", "to_state", "reason")
    assert list(events)[:2] == [("drop", "dropped", "Her face is shown."), ("keep", "kept", "She agreed.")]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"verb": "drop", "reason": " "}, 400),
        ({"verb": "keep", "reason": "x" * 501}, 400),
        ({"verb": "keep", "reason": "a\x00b"}, 400),
        ({"verb": "erase", "reason": "x"}, 400),
        ({"verb": "drop", "reason": "x", "state": "kept"}, 400),
        ({"verb": "undo"}, 409),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    video: SourceVideo, client: Client, said: dict[str, str], status: int
) -> None:
    scene = SceneFactory.create(video=video)
    assert client.post(reverse("accumulation_scene", args=["demo", scene.pk]), said).status_code == status
    scene.refresh_from_db()
    assert (scene.state, scene.by_hand) == (Screened.KEPT, None)
    assert not Event.objects.filter(object_type="scene").exists()


# --- who may ---


@pytest.mark.parametrize("name", ["ana", "rui", "oda"])
def test_only_administrators_come_in(
    video: SourceVideo, client_of: SignIn, name: str, request: pytest.FixtureRequest
) -> None:
    scene, client = SceneFactory.create(video=video), client_of(request.getfixturevalue(name))
    decide = reverse("accumulation_scene", args=["demo", scene.pk])
    for address in (HOME, PREVIEW, reverse("scene_thumbnail", args=["demo", scene.pk])):
        assert client.get(address).status_code == 403, address
    assert client.post(HOME, {**SAVED, "motion_min": "1"}).status_code == 403
    assert client.post(decide, {"verb": "drop", "reason": "x"}).status_code == 403
    assert "Accumulation</a>" not in page_of(client, "/projects/demo/clips/")
    scene.refresh_from_db()
    assert scene.state == Screened.KEPT
    assert not ThresholdSet.objects.exists()


def test_the_way_there_is_shown_to_administrators(video: SourceVideo, client: Client) -> None:
    assert f'<a href="{HOME}">Accumulation</a>' in page_of(client, "/projects/demo/clips/")


def test_another_projects_scenes_are_not_there(
    video: SourceVideo, otto: User, client: Client, client_of: SignIn
) -> None:
    mine = SceneFactory.create(video=video)
    theirs = SceneFactory.create(video__batch__project=Project.objects.get(slug="elsewhere"))
    for one, slug, scene in ((client, "demo", theirs), (client_of(otto), "elsewhere", mine), (client, "demo", None)):
        pk = scene.pk if scene else 999_999
        assert one.get(reverse("scene_thumbnail", args=[slug, pk])).status_code == 404
        decide = reverse("accumulation_scene", args=[slug, pk])
        assert one.post(decide, {"verb": "drop", "reason": "x"}).status_code == 404
    assert client_of(otto).get(HOME).status_code == 404
    assert not Scene.objects.exclude(by_hand=None).exists()


def test_a_thumbnail_is_served_as_a_picture_of_ours(video: SourceVideo, client: Client) -> None:
    scene = SceneFactory.create(video=video, number=3)
    address = reverse("scene_thumbnail", args=["demo", scene.pk])
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == b"thumbnail bytes"  # type: ignore[attr-defined]
    assert (answer["Content-Type"], answer["Content-Length"]) == ("image/jpeg", "15")
    assert answer["Content-Disposition"] == 'inline; filename="vid-1-s03.jpg"'
    assert "sandbox" in answer["Content-Security-Policy"]
    scene.thumbnail.storage.delete(str(scene.thumbnail.name))
    assert client.get(address).status_code == 404
    without = SceneFactory.create(video=video, thumbnail="")
    assert client.get(reverse("scene_thumbnail", args=["demo", without.pk])).status_code == 404
    assert f"scenes/{without.pk}/thumbnail" not in page_of(client)


def test_an_administrator_who_left_sees_nothing_any_more(video: SourceVideo, client: Client, adam: User) -> None:
    scene = SceneFactory.create(video=video)
    MembershipFactory._meta.model.objects.filter(user=adam).update(is_active=False)
    assert client.get(HOME).status_code == 404
    assert client.get(reverse("scene_thumbnail", args=["demo", scene.pk])).status_code == 404
