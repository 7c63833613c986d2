"""What a clip looks like is noted when it is made, and by command where it was not."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from annotation.accumulation.transcode import prepare
from annotation.models import Clip, ClipHashes, Project
from annotation.services.clip_hashes import hashes_of
from annotation.services.clips import ClipFacts, add_clip, sha256_of
from annotation.services.near_duplicates import NEAR, bits_between
from tests.factories import ClipFactory

SAMPLES = settings.BASE_DIR / "samples/clips"
ONE_MAN, THREE_PEOPLE = SAMPLES / "lab-balance-one-man.mp4", SAMPLES / "lab-balance-three-people.mp4"


def served(project: Project, clip_id: str, video: bytes, *, sha256: str) -> Clip:
    clip: Clip = ClipFactory.create(
        project=project, clip_id=clip_id, video=ContentFile(video, name="v.mp4"), sha256=sha256
    )
    return clip


def test_a_clip_is_hashed_when_it_is_made(project: Project, tmp_path: Path) -> None:
    made = add_clip(
        project=project,
        clip_id="one",
        original=ONE_MAN,
        original_name="one.mp4",
        prepared=prepare(ONE_MAN, into=tmp_path),
        facts=ClipFacts(),
        actor=None,
    )
    assert made.looks.hashes == hashes_of(ONE_MAN)
    assert [len(hashed) for hashed in made.looks.hashes] == [16, 16, 16]


def test_the_same_pictures_are_near_and_others_are_not() -> None:
    one, three = hashes_of(ONE_MAN), hashes_of(THREE_PEOPLE)
    assert all(bits_between(first, second) <= NEAR for first, second in zip(one, hashes_of(ONE_MAN), strict=True))
    assert all(bits_between(first, second) > NEAR for first, second in zip(one, three, strict=True))


def test_the_command_hashes_what_has_no_hashes(project: Project) -> None:
    clip = served(project, "old", ONE_MAN.read_bytes(), sha256=sha256_of(ONE_MAN))
    said = StringIO()
    call_command("hash_clips", stdout=said)
    assert said.getvalue() == "1 clips hashed, 0 refused\n"
    assert ClipHashes.objects.get(clip=clip).hashes == hashes_of(ONE_MAN)
    said = StringIO()
    call_command("hash_clips", project="demo", stdout=said)
    assert said.getvalue() == "0 clips hashed, 0 refused\n"


def test_a_clip_that_cannot_be_read_is_named_and_the_others_are_hashed(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(ONE_MAN.read_bytes()[:5000])
    served(project, "broken", broken.read_bytes(), sha256=sha256_of(broken))
    served(project, "other-bytes", ONE_MAN.read_bytes(), sha256="0" * 64)
    served(project, "whole", ONE_MAN.read_bytes(), sha256=sha256_of(ONE_MAN))
    said, trouble = StringIO(), StringIO()
    with pytest.raises(CommandError):
        call_command("hash_clips", stdout=said, stderr=trouble)
    assert said.getvalue() == "1 clips hashed, 2 refused\n"
    assert [line.split(":")[0] for line in trouble.getvalue().splitlines()] == ["broken", "other-bytes"]
    assert ClipHashes.objects.get().clip.clip_id == "whole"
