"""Exports whose workers are killed at any moment: never half a zip under its name, and in the end the same zip."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotation.models import Outbox, Project, User
from annotation.services.outbox import sweep
from annotation.workflow import database_now
from haic_annotate.processes import die_with_parent
from qa.models import Export, Release
from qa.services.exports import WRITE, forget_exports, want_export, work_on_export
from qa.services.file_check import problems_of_files
from qa.services.releases import freeze_release
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.stack import HOME, committed_database

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

CLIPS, KILLS, VIDEO_BYTES = 6, 12, 12_000_000
WORKER = """
import sys
import django
from django.conf import settings
settings.MEDIA_ROOT, settings.DATA_DIR = sys.argv[2:]
django.setup()
from qa.services.exports import work_on_export
print("begins", flush=True)
work_on_export(int(sys.argv[1]))
"""


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User) -> Release:
    for number in range(CLIPS):
        clip = ClipFactory.create(project=project, clip_id=f"clip-{number}")
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
        content = random.Random(number).randbytes(VIDEO_BYTES)
        Path(default_storage.path(str(clip.video.name))).write_bytes(content)
        type(clip).objects.filter(pk=clip.pk).update(sha256=hashlib.sha256(content).hexdigest())
    return freeze_release(project=project, version="1.0.0", notes="", actor=adam)


def worker(export: Export, settings: Any) -> subprocess.Popen[str]:
    """A process of its own that begins to write the export now."""
    arguments = [str(export.pk), str(settings.MEDIA_ROOT), str(settings.DATA_DIR)]
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments],
        cwd=HOME,
        env=committed_database(),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def zips() -> list[Path]:
    return sorted(Path(default_storage.path("exports")).rglob("*.zip"))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def undisturbed(release: Release, adam: User, settings: Any) -> tuple[str, float]:
    """The zip's digest, and the seconds that a worker needs."""
    export = want_export(release=release, layout="haicbench", user=adam)
    begun = time.monotonic()
    assert worker(export, settings).wait(60) == 0
    export.refresh_from_db()
    assert export.status == "done"
    return export.sha256, time.monotonic() - begun


def test_killed_workers_leave_no_half_zip_and_the_next_run_completes_d07_d09_f01_f02(
    release: Release, project: Project, adam: User, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    expected, seconds = undisturbed(release, adam, settings)
    forget_exports(project)
    [export] = Export.objects.wanted()
    moments, died, rounds = random.Random(8), 0, 0
    while rounds < KILLS or died < KILLS // 2:
        rounds += 1
        assert rounds < 10 * KILLS, "hardly any worker was killed at work"
        process = worker(export, settings)
        time.sleep(moments.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        was_killed = process.wait(10) == -signal.SIGKILL
        died += was_killed
        seconds *= 1 if was_killed else 0.7  # it is quicker than the one that was left alone
        assert [path.stem for path in zips()] == [sha256(path) for path in zips()]
        export.refresh_from_db()
        if export.status == Export.Status.DONE:
            assert zips() == [Path(default_storage.path(str(export.file.name)))]
            forget_exports(project)
            [export] = Export.objects.wanted()
            continue
        # Time passes: the lease of a dead worker runs out, and each of its attempts is forgiven.
        past = database_now() - timedelta(seconds=1)
        Export.objects.filter(pk=export.pk, status=Export.Status.WORKING).update(lease_until=past, attempts=1)
        Outbox.objects.all().delete()
        sweep()
        export.refresh_from_db()
        assert export.status == Export.Status.QUEUED
    Outbox.objects.filter(task=WRITE).delete()
    work_on_export(export.pk)
    export.refresh_from_db()
    assert (export.status, export.sha256) == ("done", expected)
    assert zips() == [Path(default_storage.path(str(export.file.name)))]
    assert not list(problems_of_files())
    with capsys.disabled():
        print(f"\n{rounds} rounds, {died} workers killed at work, the last within {seconds:.1f} s: 0 half zips")  # noqa: T201
