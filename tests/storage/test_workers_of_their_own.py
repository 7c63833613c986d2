"""Workers that share nothing but the database and the bucket; and the copies they work on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation import stored_files
from annotation.errors import NoRoom, StoreAway
from annotation.models import Clip, Project, Role, Upload
from annotation.stored_files import copy_to, remove_abandoned, working_folder
from tests.factories import ClipFactory, MembershipFactory
from tests.stack import HOME
from tests.storage.conftest import Bucket

SAMPLE = HOME / "samples/clips/lab-balance-one-man.mp4"
START = "import django; django.setup()\n"
TAKE_UPLOAD = START + "from annotation.tasks import take_upload; take_upload({pk})"
COUNT_FRAMES = (
    START
    + """
import av
from annotation.models import Clip
from annotation.stored_files import copy_to, working_folder
clip = Clip.objects.get(pk={pk})
with working_folder() as folder:
    copy_to(str(clip.video.name), folder / "video.mp4", sha256=clip.sha256)
    with av.open(str(folder / "video.mp4")) as video:
        print(sum(1 for _ in video.decode(video=0)), "frames", flush=True)
    {then}
"""
)
pytestmark = pytest.mark.django_db(transaction=True)


def worker(code: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd="/", env=env, capture_output=True, text=True, timeout=120, check=False
    )


def left_behind(data: Path) -> list[Path]:
    return [path for path in data.rglob("*") if path.is_file() or path.parent == data / "work"]


def queued(project: Project, content: bytes) -> Upload:
    adam = MembershipFactory.create(project=project, role=Role.ADMIN).user
    upload = Upload(
        project=project, uploaded_by=adam, wanted_clip_id="up", original_name="up.mp4", fields={"license": "CC0"}
    )
    upload.file.save("uploads/abc/original.bin", ContentFile(content), save=False)
    upload.save()
    return upload


def test_a_video_and_a_drafting_worker_need_no_disk_but_their_own(
    bucket: Bucket, project: Project, tmp_path: Path
) -> None:
    upload = queued(project, SAMPLE.read_bytes())
    first, second = tmp_path / "first", tmp_path / "second"
    done = worker(TAKE_UPLOAD.format(pk=upload.pk), bucket.environment(first))
    assert done.returncode == 0, done.stderr
    clip = Clip.objects.get(clip_id="up")
    assert left_behind(first) == []
    counted = worker(COUNT_FRAMES.format(pk=clip.pk, then=""), bucket.environment(second))
    assert counted.stdout == f"{clip.frames} frames\n", counted.stderr
    assert left_behind(second) == []


def test_a_worker_that_refuses_or_breaks_leaves_nothing(bucket: Bucket, project: Project, tmp_path: Path) -> None:
    upload = queued(project, b"no video at all")
    done = worker(TAKE_UPLOAD.format(pk=upload.pk), bucket.environment(tmp_path / "refuses"))
    upload.refresh_from_db()
    assert (done.returncode, upload.status) == (0, Upload.Status.REFUSED)
    assert left_behind(tmp_path / "refuses") == []
    assert bucket.names() == []
    clip = ClipFactory.create(project=project)
    broken = worker(COUNT_FRAMES.format(pk=clip.pk, then=""), bucket.environment(tmp_path / "breaks"))
    assert "the store has other bytes than its row says" in broken.stderr
    assert left_behind(tmp_path / "breaks") == []


def test_the_copies_of_a_killed_worker_are_swept_by_the_next(bucket: Bucket, project: Project, tmp_path: Path) -> None:
    upload = queued(project, SAMPLE.read_bytes())
    env = bucket.environment(tmp_path / "disk")
    assert worker(TAKE_UPLOAD.format(pk=upload.pk), env).returncode == 0
    clip = Clip.objects.get(clip_id="up")
    code = COUNT_FRAMES.format(pk=clip.pk, then="import time; time.sleep(60)")
    victim = subprocess.Popen([sys.executable, "-c", code], cwd="/", env=env, stdout=subprocess.PIPE)
    assert victim.stdout is not None
    victim.stdout.readline()
    (folder,) = (tmp_path / "disk/work").iterdir()
    age(folder)
    assert worker(COUNT_FRAMES.format(pk=clip.pk, then=""), env).returncode == 0
    assert folder.is_dir(), "its worker lives: nobody takes it away"
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    assert worker(COUNT_FRAMES.format(pk=clip.pk, then=""), env).returncode == 0
    assert left_behind(tmp_path / "disk") == []


def age(folder: Path) -> None:
    old = time.time() - 2 * stored_files.YOUNG_S
    os.utime(folder, (old, old))


def test_a_folder_that_was_just_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "young").mkdir()
    (tmp_path / "old").mkdir()
    (tmp_path / "file").touch()
    age(tmp_path / "old")
    age(tmp_path / "file")
    remove_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "young"]


@pytest.mark.parametrize("store", ["local", "s3"])
def test_a_copy_is_refused_before_it_is_fetched_when_it_does_not_fit(
    store: str, request: pytest.FixtureRequest, settings: Any
) -> None:
    bucket = request.getfixturevalue("bucket") if store == "s3" else None
    name = default_storage.save("videos/a.mp4", ContentFile(b"x" * 1_000_000))
    before = bucket.way.bytes_back if bucket else 0
    with working_folder() as folder:
        with pytest.raises(NoRoom, match="has 1,000,000 bytes; work takes at most 999,999"):
            copy_to(name, folder / "a", most=999_999)
        settings.DISK_LOW_WATER_BYTES = 1 << 60
        with pytest.raises(NoRoom, match="nearly full"):
            copy_to(name, folder / "a", most=1_000_000)
        assert list(folder.iterdir()) == []
        settings.DISK_LOW_WATER_BYTES = 0
        copy_to(name, folder / "a", most=1_000_000)
        assert (folder / "a").read_bytes() == b"x" * 1_000_000
    assert not folder.exists()
    if bucket:
        assert 1_000_000 < bucket.way.bytes_back - before < 1_010_000


def test_a_copy_cut_off_midway_is_no_copy(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    name = default_storage.save("videos/a.mp4", ContentFile(b"x" * 40_000_000))  # more than the ways between hold
    plain = stored_files.pieces

    def cut(name: str) -> object:
        for number, piece in enumerate(plain(name)):
            if number == 10:
                bucket.way.stop()
            yield piece

    monkeypatch.setattr(stored_files, "pieces", cut)
    with working_folder() as folder:
        with pytest.raises(StoreAway):
            copy_to(name, folder / "a")
        assert list(folder.iterdir()) == []
