"""The files of a withdrawn clip: gone, but for what another clip shows; and gone in the end, whatever comes between."""

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotation.models import Clip, Project, User
from annotation.services.outbox import sweep
from annotation.services.withdrawn_files import remove_files, with_files
from qa.services.file_check import problems_of_files
from qa.services.withdrawal import withdraw_clip
from tests.factories import ClipFactory
from tests.qa.withdrawal.everything import Everything
from tests.stack import HOME, committed_database

WHY = "a person in it objects"
Withdraw = Callable[[Clip], Any]


@pytest.fixture
def withdraw(adam: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Withdraw:
    """And remove the files, as if the test's transaction had been committed."""

    def run(clip: Clip) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return withdraw_clip(clip=clip, actor=adam, reason=WHY)

    return run


def clip_of_bytes(project: Project, clip_id: str, original: str, video: str) -> Clip:
    """As imported: files are named by what they hold, and the same bytes are stored once."""
    for name in (f"originals/{original}.mp4", f"videos/{video}.mp4", f"posters/{video}.jpg"):
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(name.encode()))
    return ClipFactory.create(
        project=project,
        clip_id=clip_id,
        original=f"originals/{original}.mp4",
        video=f"videos/{video}.mp4",
        poster=f"posters/{video}.jpg",
        original_sha256=original,
        sha256=video,
    )


def test_all_its_files_go_and_fsck_is_clean(everything: Everything, withdraw: Withdraw) -> None:
    assert len(everything.names) == 7  # three of the clip, frames, an upload, the raw video and the scene's picture
    assert all(default_storage.exists(name) for name in everything.names)
    assert withdraw(everything.clip).clip.subtitles == ""
    assert [name for name in everything.names if default_storage.exists(name)] == []
    assert not with_files().exists()
    assert list(problems_of_files(deep=True)) == []
    call_command("fsck")


def test_what_another_clip_shows_stays_until_that_goes_too(project: Project, withdraw: Withdraw, otto: User) -> None:
    elsewhere = otto.memberships.get().project
    first = clip_of_bytes(project, "one", "a" * 64, "b" * 64)
    second = clip_of_bytes(elsewhere, "two", "a" * 64, "b" * 64)
    third = clip_of_bytes(project, "three", "c" * 64, "b" * 64)  # another original gave the same video
    assert withdraw(first).consequences.others == 2
    assert list(problems_of_files()) == []
    withdraw(third)
    assert [default_storage.exists(f"originals/{letter * 64}.mp4") for letter in "ac"] == [True, False]
    assert all(default_storage.exists(str(file.name)) for file in (second.video, second.poster))
    assert list(problems_of_files()) == []
    second.project.memberships.update(role="admin")
    remove_files(withdraw_clip(clip=second, actor=otto, reason=WHY).clip)
    assert not any(default_storage.exists(name) for name in (f"videos/{'b' * 64}.mp4", f"posters/{'b' * 64}.jpg"))


def test_fsck_tells_of_what_is_not_removed_and_of_what_was_left_behind(
    project: Project, adam: User, withdraw: Withdraw
) -> None:
    clip = clip_of_bytes(project, "one", "a" * 64, "b" * 64)
    withdraw_clip(clip=clip, actor=adam, reason=WHY)  # nothing is committed, so no file goes
    assert list(problems_of_files()) == ["clip demo/one: it is withdrawn, but files of it are not removed yet"]
    withdraw(clip)
    default_storage.save(f"videos/{'b' * 64}.mp4", ContentFile(b"left"))
    assert list(problems_of_files()) == [f"file videos/{'b' * 64}.mp4: it was withdrawn, and is still there"]


def test_a_store_that_fails_keeps_the_clip_withdrawn_and_the_sweep_ends_it(
    project: Project, withdraw: Withdraw, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = clip_of_bytes(project, "one", "a" * 64, "b" * 64)

    def broken(self: object, name: str) -> None:
        raise PermissionError(name)

    with monkeypatch.context() as patch:
        patch.setattr("haic_annotate.media_files.WholeFiles.delete", broken)
        withdraw(clip)
    assert list(with_files()) == [clip]
    assert default_storage.exists(f"videos/{'b' * 64}.mp4")
    sweep()
    assert list(with_files()) == []
    assert list(problems_of_files()) == []


DIES = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
settings.MEDIA_ROOT = sys.argv[1]
from haic_annotate.media_files import WholeFiles
plain, left = WholeFiles.delete, int(sys.argv[2])
def delete(self, name):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    plain(self, name)
WholeFiles.delete = delete
call_command("withdraw_clip", "clip-a", project="demo", reason="a person in it objects", erase=True)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("removed", [0, 2])
def test_a_kill_between_the_commit_and_the_files_is_healed_by_running_it_again(
    everything: Everything, settings: Any, removed: int
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIES, str(settings.MEDIA_ROOT), str(removed)],
        cwd=HOME,
        env=committed_database(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    clip = Clip.objects.get(pk=everything.clip.pk)
    assert clip.erased_at is not None
    assert sum(not default_storage.exists(name) for name in everything.names) == removed
    with pytest.raises(CommandError, match="problems"):
        call_command("fsck")
    call_command("withdraw_clip", "clip-a", project="demo", reason="a person in it objects")
    assert not any(default_storage.exists(name) for name in everything.names)
    call_command("fsck")
