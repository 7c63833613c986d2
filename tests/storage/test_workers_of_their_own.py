"""Workers that share nothing but the database and the bucket; and the copies they work on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile

from annotation import stored_files
from annotation.errors import NoRoom, StoreAway
from annotation.models import Clip, Draft, Project, Role, Upload
from annotation.services.drafting import make_run, regenerate
from annotation.stored_files import copy_to, remove_abandoned, working_folder
from haic_annotate.embedded import Valkey
from haic_annotate.processes import die_with_parent
from tests.factories import ClipFactory, MembershipFactory
from tests.model_server import ModelServer
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


RUN_JOB = START + "from annotation.tasks import run_job; run_job({pk})"


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


def test_a_drafting_worker_samples_from_the_bucket_and_keeps_its_frames_there(
    bucket: Bucket, project: Project, tmp_path: Path
) -> None:
    """The first one samples; the second one, on another disk, finds the frames in the store."""
    upload = queued(project, SAMPLE.read_bytes())
    assert worker(TAKE_UPLOAD.format(pk=upload.pk), bucket.environment(tmp_path / "video")).returncode == 0
    clip = Clip.objects.get(clip_id="up")
    (job,) = make_run(project=project, user=None, kind="captions").jobs.all()
    with ModelServer() as model:
        way_there = {"ANTHROPIC_API_KEY": "a key for tests", "ANTHROPIC_BASE_URL": model.base_url}
        first = worker(RUN_JOB.format(pk=job.pk), {**bucket.environment(tmp_path / "first"), **way_there})
        assert first.returncode == 0, first.stderr
        drafted = Draft.objects.get(clip=clip)
        assert len(drafted.provenance["frames_ms"]) == 16
        assert clip.frame_sets.get().file.name in bucket.names()
        bucket.client.delete_object(Bucket=bucket.name, Key=clip.video.name)  # nobody needs to fetch it again
        another = regenerate(clip=clip, user=upload.uploaded_by)
        second = worker(RUN_JOB.format(pk=another.pk), {**bucket.environment(tmp_path / "second"), **way_there})
        assert second.returncode == 0, second.stderr
    assert Draft.objects.filter(clip=clip).count() == 2
    assert left_behind(tmp_path / "first") == left_behind(tmp_path / "second") == []


def test_a_celery_worker_of_the_video_queue_works_from_the_bucket_alone(
    bucket: Bucket, project: Project, tmp_path: Path
) -> None:
    """As on a host of its own: it is told of an upload by the broker, and finds the file in S3."""
    upload = queued(project, SAMPLE.read_bytes())
    valkey = Valkey(tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    disk = tmp_path / "disk"
    command = ["-m", "celery", "-A", "haic_annotate", "worker", "-Q", "video", "-c", "1", "-l", "WARNING"]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**bucket.environment(disk), "REDIS_URL": valkey.url},
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
        )
    try:
        with Celery(broker=valkey.url) as publisher:
            publisher.send_task("annotation.take_upload", args=[upload.pk], queue="video")
        end = time.monotonic() + 90
        while upload.status not in (Upload.Status.DONE, Upload.Status.REFUSED):
            assert worker.poll() is None and time.monotonic() < end, (tmp_path / "worker.log").read_text()
            time.sleep(0.2)
            upload.refresh_from_db()
    finally:
        worker.terminate()
        worker.wait(60)
        valkey.stop()
    assert (upload.status, upload.reason) == (Upload.Status.DONE, "")
    assert {str(file.name) for file in files_of(Clip.objects.get(clip_id="up"))} == set(bucket.names())
    assert left_behind(disk) == []


def files_of(clip: Clip) -> list[FieldFile]:
    return [clip.original, clip.video, clip.poster]


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
