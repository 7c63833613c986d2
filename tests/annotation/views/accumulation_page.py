"""For tests of the page "Accumulation": a batch with a video, an administrator's client, and reading the page."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from annotation.models import Project, Scene, SourceVideo, User, VideoBatch
from tests.factories import SourceVideoFactory, VideoBatchFactory

SignIn = Callable[[User], Client]
HOME, PREVIEW = "/projects/demo/accumulation/", "/projects/demo/accumulation/preview"
SAVED = {
    "scene_min_s": "2",
    "scene_max_s": "60",
    "people_min": "1",
    "people_max": "",
    "people_percent": "80",
    "area_percent": "1",
    "motion_min": "0.06",
    "min_side": "360",
    "min_fps": "10",
    "video_min_s": "1",
    "video_max_s": "12600",
    "needs_action_verb": "on",
}
"""The form as the thresholds are before anybody sets some."""


@pytest.fixture
def batch(project: Project) -> VideoBatch:
    return VideoBatchFactory.create(project=project, name="street")


@pytest.fixture
def video(batch: VideoBatch) -> SourceVideo:
    return SourceVideoFactory.create(batch=batch, video_id="vid-1")


@pytest.fixture
def client(adam: User, client_of: SignIn) -> Client:
    return client_of(adam)


def page_of(client: Client, address: str = HOME, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def shown(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="scene-(\d+)"', page)]


def card_of(page: str, scene: Scene) -> str:
    return page.split(f'id="scene-{scene.pk}"')[1].split("</li>", maxsplit=1)[0]


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def steps(page: str) -> list[str]:
    """Each stage in words."""
    stages = page.split('<ol class="stages">')[1].split("</ol>", maxsplit=1)[0]
    return [words(one).strip() for one in re.findall(r"<li.*?</li>", stages)]
