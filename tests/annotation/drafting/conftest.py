"""A project whose clips have their frames sampled already, and a model on this machine that answers as told."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from annotation.drafting.frames import Frame, pack
from annotation.models import Clip, FrameSet, Job, Project, User
from annotation.services.drafting import make_run
from tests.factories import ClipFactory
from tests.model_server import ModelServer


@pytest.fixture
def model(settings: Any) -> Iterator[ModelServer]:
    with ModelServer() as server:
        settings.ANTHROPIC_API_KEY = "a key for tests"
        settings.ANTHROPIC_BASE_URL = server.base_url
        settings.CALL_SECONDS = 10
        yield server


def picture(shade: int) -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, shade, shade)).save(into, "JPEG")
    return into.getvalue()


def with_frames(clip: Clip) -> Clip:
    """As if a worker had sampled them: what is tested is not how."""
    frames = [Frame(0, picture(10)), Frame(900, picture(200))]
    kept = FrameSet(clip=clip, count=16, long_side=512)
    kept.file.save(f"frames/{clip.pk}.tar", ContentFile(pack(frames)), save=False)
    kept.save()
    return clip


def waiting_clips(project: Project, count: int) -> list[Clip]:
    return [with_frames(ClipFactory.create(project=project, clip_id=f"clip-{n:03}")) for n in range(count)]


def drafting_jobs(project: Project, count: int, *, user: User | None = None) -> list[Job]:
    """A run over so many clips that wait for a caption."""
    waiting_clips(project, count)
    return list(make_run(project=project, user=user, kind="captions").jobs.order_by("pk"))
