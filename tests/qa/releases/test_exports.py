"""Exports as jobs: asked for once, whole or not there, tried again without their worker, forgotten when they change."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from annotation.errors import BadInput, NoRoom, NotVisible, RightMissing, StoreAway
from annotation.models import Outbox, Project, User
from annotation.services.outbox import sweep
from annotation.workflow import database_now
from qa.history.verifying import verify_file
from qa.models import Export, Release, ReleaseSettings
from qa.releases.layouts import haicbench
from qa.releases.zipping import zip_folder
from qa.services import exports
from qa.services.exports import export_for, forget_exports, open_download, want_export, work_on_export
from qa.services.file_check import problems_of_files
from qa.services.release_changes import kept_tallies, tally_of
from qa.services.releases import export_release, freeze_release
from qa.services.withdrawal import withdraw_clip
from tests.factories import ApprovedCaptionFactory
from tests.qa.scene import finish_clip


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User) -> Release:
    finish_clip(project, author=ana, reviewer=rui)
    return freeze_release(project=project, version="1.0.0", notes="", actor=adam)


@pytest.fixture
def export(release: Release, adam: User) -> Export:
    return want_export(release=release, layout="haicbench", user=adam)


def fresh(export: Export) -> Export:
    return Export.objects.select_related("release__project").get(pk=export.pk)


def asked_for() -> list[int]:
    return [row.args[0] for row in Outbox.objects.filter(task=exports.WRITE).order_by("pk")]


def stored() -> list[str]:
    """Files of exports in the store."""
    root = Path(default_storage.path("exports"))
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def zipped(export: Export) -> zipfile.ZipFile:
    with fresh(export).file.open("rb") as file:
        return zipfile.ZipFile(io.BytesIO(file.read()))


def test_asking_writes_a_row_and_a_message_and_no_file(export: Export, adam: User) -> None:
    assert (export.status, export.requested_by, asked_for()) == ("queued", adam, [export.pk])
    assert stored() == []


def test_asking_again_gives_the_same_export(export: Export, release: Release, adam: User) -> None:
    assert want_export(release=release, layout="haicbench", user=adam) == export
    assert asked_for() == [export.pk]
    with pytest.raises(IntegrityError), transaction.atomic():
        Export.objects.create(release=release, layout="haicbench")


def test_what_cannot_be_written_is_refused(release: Release, adam: User, ana: User, otto: User) -> None:
    with pytest.raises(BadInput, match="there is no layout “nonsense”"):
        want_export(release=release, layout="nonsense", user=adam)
    for user in (ana, otto):
        with pytest.raises(RightMissing):
            want_export(release=release, layout="haicbench", user=user)
    assert not Export.objects.exists()


def test_the_zip_holds_what_the_command_writes(export: Export, tmp_path: Path) -> None:
    work_on_export(export.pk)
    done = fresh(export)
    assert (done.status, done.clips_done, done.error, done.lease_until) == ("done", 1, "", None)
    assert done.finished_at is not None
    with done.file.open("rb") as file:
        content = file.read()
    assert (done.sha256, done.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert stored() == [f"{done.uid.hex}/{done.sha256}.zip"]
    export_release(done.release, layout="haicbench", out=tmp_path / "out")
    files = {
        f"demo-1.0.0-haicbench/{path.relative_to(tmp_path / 'out').as_posix()}": path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    archive = zipped(export)
    assert {name: archive.read(name) for name in archive.namelist()} == files
    manifest = json.loads(archive.read("demo-1.0.0-haicbench/manifest.json"))
    for file in manifest["files"]:
        assert hashlib.sha256(archive.read(f"demo-1.0.0-haicbench/{file['path']}")).hexdigest() == file["sha256"]
    assert "videos/clip-a.mp4" in [file["path"] for file in manifest["files"]]
    assert list(problems_of_files()) == []


def test_the_same_release_gives_the_same_zip(export: Export, project: Project) -> None:
    work_on_export(export.pk)
    first = fresh(export)
    forget_exports(project)
    again = Export.objects.wanted().get()
    work_on_export(again.pk)
    assert fresh(again).sha256 == first.sha256
    assert again.uid != first.uid


def test_a_second_run_changes_nothing_d07(export: Export) -> None:
    work_on_export(export.pk)
    before = fresh(export)
    work_on_export(export.pk)
    assert (fresh(export).finished_at, fresh(export).attempts) == (before.finished_at, 1)


def test_only_one_is_written_at_a_time_and_then_asks_for_the_next(
    export: Export, release: Release, adam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "layout_of", lambda *_: haicbench)
    other = Export.objects.create(release=release, layout="another")
    Export.objects.filter(pk=other.pk).update(
        status=Export.Status.WORKING, lease_until=database_now() + timedelta(minutes=1)
    )
    work_on_export(export.pk)
    assert fresh(export).status == "queued"
    Export.objects.filter(pk=other.pk).update(status=Export.Status.QUEUED, lease_until=None)
    Outbox.objects.all().delete()
    work_on_export(export.pk)
    assert (fresh(export).status, asked_for()) == ("done", [other.pk])


def lose_its_worker(export: Export, *, attempts: int = 1) -> None:
    """As a kill -9 leaves it, once its lease is over."""
    gone = database_now() - timedelta(seconds=1)
    Export.objects.filter(pk=export.pk).update(status=Export.Status.WORKING, lease_until=gone, attempts=attempts)


def test_what_a_dead_worker_left_is_written_again_d09_f01(export: Export) -> None:
    lose_its_worker(export)
    partly = default_storage.path(f"{export.folder}/{'0' * 64}.zip.part")
    Path(partly).parent.mkdir(parents=True)
    Path(partly).write_bytes(b"half a zip")
    Outbox.objects.all().delete()
    sweep()
    assert (fresh(export).status, asked_for()) == ("queued", [export.pk])
    sweep()
    assert asked_for() == [export.pk]  # not sent once more
    work_on_export(export.pk)
    done = fresh(export)
    assert (done.status, done.attempts, stored()) == ("done", 2, [f"{done.uid.hex}/{done.sha256}.zip"])


def test_an_export_that_took_five_workers_with_it_fails_and_can_be_asked_for_again(
    export: Export, release: Release, adam: User
) -> None:
    lose_its_worker(export, attempts=5)
    sweep()
    assert (fresh(export).status, fresh(export).error) == (
        "failed",
        "Writing this export failed five times without an answer.",
    )
    again = want_export(release=release, layout="haicbench", user=adam)
    assert (again.pk, again.status, again.attempts, again.error) == (export.pk, "queued", 0, "")
    work_on_export(export.pk)
    assert fresh(export).status == "done"


def break_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(exports, "write_export", broken)


@pytest.mark.parametrize("trouble", [StoreAway(), NoRoom("The disk is nearly full.")])
def test_a_store_that_is_away_or_full_is_waited_for_and_is_no_try_f22(
    export: Export, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    with monkeypatch.context() as broken:
        break_with(broken, trouble)
        work_on_export(export.pk)
    waits = fresh(export)
    assert (waits.status, waits.attempts, waits.error) == ("queued", 0, str(trouble))
    assert waits.lease_until is not None
    assert waits.lease_until > database_now()
    assert stored() == []
    work_on_export(export.pk)
    assert (fresh(export).status, fresh(export).error) == ("done", "")


def test_a_disk_without_room_for_the_zip_is_said_before_it_is_packed_f22(export: Export, settings: Any) -> None:
    settings.DISK_LOW_WATER_BYTES = 1 << 62
    work_on_export(export.pk)
    assert fresh(export).status == "queued"
    assert "nearly full" in fresh(export).error
    assert stored() == []


def test_a_disk_that_fails_is_tried_five_times(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    break_with(monkeypatch, OSError("the disk fails"))
    for _ in range(5):
        assert fresh(export).status == "queued"
        work_on_export(export.pk)
    assert (fresh(export).status, fresh(export).error) == ("failed", "It could not be written: the disk fails")


def test_a_fault_of_ours_is_told_and_not_tried_again(
    export: Export, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_with(monkeypatch, KeyError("caption"))
    work_on_export(export.pk)
    assert fresh(export).status == "failed"
    assert "a fault of ours" in fresh(export).error
    assert "KeyError" in caplog.text
    assert stored() == []


def test_what_changed_is_forgotten_and_written_again(
    export: Export, project: Project, release: Release, adam: User, django_capture_on_commit_callbacks: Any
) -> None:
    work_on_export(export.pk)
    later = freeze_release(project=project, version="1.1.0", notes="", actor=adam)
    tally_of(release, later)
    assert kept_tallies([release, later]).keys() == {later.pk}
    with django_capture_on_commit_callbacks() as callbacks:
        forget_exports(project)
    assert len(stored()) == 1  # the transaction may still be taken back
    with pytest.raises(NotVisible):
        export_for(adam, slug="demo", version="1.0.0", uid=export.uid)
    for callback in callbacks:
        callback()
    assert stored() == []
    [again] = Export.objects.all()
    assert (again.layout, again.status, again.requested_by) == ("haicbench", "queued", adam)
    assert asked_for() == [export.pk, again.pk]
    assert kept_tallies([release, later]) == {}


def test_an_export_that_is_forgotten_while_it_is_written_leaves_no_file_d07(
    export: Export, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:

    def forget_meanwhile(*args: Any, **kwargs: Any) -> None:
        zip_folder(*args, **kwargs)
        forget_exports(project)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(exports, "zip_folder", forget_meanwhile)
        work_on_export(export.pk)
    assert stored() == []
    sweep()
    [again] = Export.objects.all()
    assert (again.pk != export.pk, again.status) == (True, "queued")


def test_a_withdrawn_clip_makes_exports_that_hold_it_be_written_again(
    export: Export, project: Project, ana: User, rui: User, adam: User
) -> None:
    work_on_export(export.pk)
    beside = ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip
    withdraw_clip(clip=beside, actor=adam, reason="asked to")  # in no release
    assert fresh(export).status == "done"
    clip = export.release.items.get().clip
    withdraw_clip(clip=clip, actor=adam, reason="asked to")
    again = Export.objects.wanted().get()
    assert (again.pk != export.pk, again.status) == (True, "queued")
    work_on_export(again.pk)
    archive = zipped(again)
    names = [name.removeprefix("demo-1.0.0-haicbench/") for name in archive.namelist()]
    assert "videos/clip-a.mp4" not in names
    manifest = json.loads(archive.read("demo-1.0.0-haicbench/manifest.json"))
    assert [(one["clip_id"], one["erased"]) for one in manifest["withdrawn"]] == [("clip-a", False)]
    withdraw_clip(clip=clip, actor=adam, reason="asked to")  # again, for its files alone
    assert fresh(again).status == "done"
    withdraw_clip(clip=clip, actor=adam, reason="asked to", erase=True)
    erased = Export.objects.wanted().get()
    work_on_export(erased.pk)
    archive = zipped(erased)
    assert not [name for name in archive.namelist() if b"bald man" in archive.read(name)]


def test_another_projects_exports_are_left_alone(export: Export, otto: User) -> None:
    work_on_export(export.pk)
    forget_exports(otto.memberships.get().project)
    assert fresh(export).status == "done"


def test_fsck_names_what_is_missing_and_what_is_late(export: Export) -> None:
    work_on_export(export.pk)
    done = fresh(export)
    default_storage.delete(str(done.file.name))
    name = f"export of demo 1.0.0 as haicbench: its file {done.file.name} is not there"
    assert list(problems_of_files()) == [name]
    Export.objects.filter(pk=export.pk).update(
        status=Export.Status.WORKING, lease_until=database_now() - timedelta(minutes=5)
    )
    assert list(problems_of_files()) == ["export of demo 1.0.0 as haicbench: its worker is past its deadline"]


def test_who_may_download(project: Project, ana: User, rui: User, adam: User, export: Export, release: Release) -> None:
    with pytest.raises(NotVisible):  # not written yet
        open_download(export, ana)
    work_on_export(export.pk)
    assert open_download(fresh(export), ana) == export
    ReleaseSettings.objects.create(project=project, held_out_percent=90)
    held = freeze_release(project=project, version="1.1.0", notes="", actor=adam)
    assert held.counts["held_out"] == 1
    sealed = want_export(release=held, layout="haicbench", user=adam)
    work_on_export(sealed.pk)
    for user in (ana, rui):
        with pytest.raises(RightMissing, match="held-out"):
            open_download(fresh(sealed), user)
    assert open_download(fresh(sealed), adam) == sealed
    assert "demo-1.1.0-haicbench/private/held_out.jsonl" in zipped(sealed).namelist()


def test_with_its_history_it_is_another_export_and_for_administrators(
    release: Release, export: Export, adam: User, ana: User, rui: User, tmp_path: Path
) -> None:
    told = want_export(release=release, layout="haicbench", user=adam, with_history=True)
    assert told != export
    work_on_export(told.pk)
    archive = zipped(told)
    assert "demo-1.0.0-haicbench-history/history.jsonl" in archive.namelist()
    (tmp_path / "history.jsonl").write_bytes(archive.read("demo-1.0.0-haicbench-history/history.jsonl"))
    assert verify_file(tmp_path / "history.jsonl").counts["revisions"] == 2
    for user in (ana, rui):
        with pytest.raises(RightMissing, match="what everybody wrote and judged"):
            open_download(fresh(told), user)
    assert open_download(fresh(told), adam) == told


def test_a_zip_is_the_same_whenever_its_files_were_written(tmp_path: Path) -> None:
    made = []
    for number, names in enumerate((("b.json", "a/x.mp4"), ("a/x.mp4", "b.json"))):
        folder = tmp_path / str(number)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name.encode() * 1000)
        target = tmp_path / f"{number}.zip"
        sizes: list[int] = []
        zip_folder(folder, target, root="top", tell=sizes.append)
        assert sizes == sorted(sizes) != []
        made.append(target.read_bytes())
    assert made[0] == made[1]
    entries = zipfile.ZipFile(io.BytesIO(made[0])).infolist()
    assert [(one.filename, one.compress_type) for one in entries] == [
        ("top/a/x.mp4", zipfile.ZIP_STORED),
        ("top/b.json", zipfile.ZIP_DEFLATED),
    ]


def test_a_file_beyond_four_gigabytes_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "long.mp4").write_bytes(b"v" * 5000)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 4000)
    zip_folder(tmp_path / "in", tmp_path / "out.zip", root="top", tell=lambda _: None)
    assert zipfile.ZipFile(tmp_path / "out.zip").read("top/long.mp4") == b"v" * 5000
