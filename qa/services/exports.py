"""Exports as jobs: asked for on the page or over the API, written by a worker, kept in the store as one zip each.

A zip stands under its name only when it is whole and on the disk. Killed anywhere, a worker leaves a row whose lease
runs out and a folder that nobody holds: the sweep asks again, and the next run begins from nothing. One export is
written at a time, so that it never keeps all workers from shorter work.
"""

import hashlib
import logging
import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q

from annotation.access import has_right, require, role_in
from annotation.errors import BadInput, NoRoom, NotVisible, RightMissing, StoreAway
from annotation.models import Project, User
from annotation.outbox import enqueue
from annotation.snapshots import one_snapshot
from annotation.stored_files import remove_folder, store_whole, working_folder
from annotation.transactions import in_transaction
from annotation.workflow import database_now
from qa.models import Export, Release, ReleaseTally
from qa.releases.export import write_export
from qa.releases.frozen import FrozenRelease
from qa.releases.zipping import zip_folder
from qa.services.release_words import note_what_is_told
from qa.services.releases import layout_of

WRITE = "qa.write_export"
LEASE = timedelta(minutes=3)
TELL_S = 1.0
"""A worker says so often how far it is, and renews its lease with it."""
PAUSE = timedelta(minutes=1)
MOST_ATTEMPTS = 5
SWEPT_AT_ONCE = 20
REMOVED_AT_ONCE = 5
"""The relay does it beside its own work."""
_ONE_AT_A_TIME = 7_201_008
"""Key of the advisory lock under which a worker takes an export."""
_FAULT = "It could not be written: a fault of ours. The log of the worker says more."

logger = logging.getLogger(__name__)


@in_transaction
def want_export(*, release: Release, layout: str, user: User, with_history: bool = False) -> Export:
    """The export, being written if it is not there. Again changes nothing, but tries a failed one anew.

    Raises RightMissing, BadInput.
    """
    require(user, "release", project=release.project)
    found = layout_of(release, layout)
    export, is_new = Export.objects.wanted().get_or_create(
        release=release, layout=found.NAME, with_history=with_history, defaults={"requested_by": user}
    )
    failed = Export.objects.filter(pk=export.pk, status=Export.Status.FAILED)
    if is_new or failed.update(status=Export.Status.QUEUED, error="", attempts=0, lease_until=None):
        enqueue(WRITE, args=[export.pk])
        export.refresh_from_db()
    return export


def export_for(user: User, *, slug: str, version: str, uid: UUID) -> Export:
    """Raises NotVisible for another project's export and for none."""
    found = Export.objects.visible_to(user).select_related("release__project")
    export = found.filter(release__project__slug=slug, release__version=version, uid=uid).first()
    if export is None:
        raise NotVisible
    return export


def may_download(release: Release, user: User, *, with_history: bool = False) -> bool:
    """An export holds the words of held-out clips, all in one file: who freezes releases gets it, nobody else.

    A history tells who judged what how, also where others still have to answer: it is theirs as well.

    Annotators see such a clip where they work on it, one at a time. A file of them all leaves the house by accident,
    and a benchmark whose held-out share was seen once is worth nothing more.
    """
    right = "release" if with_history or release.counts.get("held_out") else "see"
    return has_right(role_in(release.project, user), right)


def open_download(export: Export, user: User) -> Export:
    """Whoever downloads has read the release. Raises NotVisible while it is not written, RightMissing, Sealed."""
    if export.status != Export.Status.DONE:
        raise NotVisible
    if not may_download(export.release, user, with_history=export.with_history):
        held = "what everybody wrote and judged" if export.with_history else "held-out captions and keys"
        raise RightMissing(f"This export holds {held}: it is for administrators.", right="release")
    note_what_is_told(export.release, user)
    return export


def work_on_export(export_id: int) -> None:
    """Write one export. Safe to run twice: only one run gets the lease, and only while no other export is written."""
    export = _lease(export_id)
    if export is None:
        return
    try:
        with working_folder() as folder, _Progress(export) as progress:
            made = _write(export, folder, progress)
            export.sha256, export.bytes = _sha256(made), made.stat().st_size
            export.file.name = store_whole(made, f"{export.folder}/{export.sha256}.zip")
    except BadInput as refusal:
        _finish(export, status=Export.Status.FAILED, error=refusal.message)
    except (StoreAway, NoRoom) as trouble:
        _later(export, trouble, counts=False)
    except (OperationalError, InterfaceError):
        raise  # nothing can be noted while the database is away: the sweep brings it back
    except OSError as trouble:
        _later(export, trouble, counts=True)
    except Exception:
        logger.exception("export %s broke", export.pk)
        _finish(export, status=Export.Status.FAILED, error=_FAULT)
    else:
        _stored(export)
    ask_for_next()


@in_transaction
def _lease(export_id: int) -> Export | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    now = database_now()
    if Export.objects.filter(status=Export.Status.WORKING, lease_until__gte=now).exists():
        return None
    free = Q(status=Export.Status.QUEUED) | Q(status=Export.Status.WORKING, lease_until__lt=now)
    leased = Export.objects.filter(free, pk=export_id).update(
        status=Export.Status.WORKING, lease_until=now + LEASE, attempts=F("attempts") + 1, clips_done=0, bytes=0
    )
    if not leased:
        return None
    return Export.objects.select_related("release__project").get(pk=export_id)


def _held(export: Export) -> Any:
    return Export.objects.filter(pk=export.pk, status=Export.Status.WORKING, attempts=export.attempts)


class _Progress:
    """Says how far an export is, and holds its lease, from a thread with a connection of its own.

    The worker's own one reads a snapshot all the while, and putting away a large zip is a single call.
    """

    def __init__(self, export: Export) -> None:
        self._export = export
        self.clips = self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> "_Progress":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def read(self, clips: int) -> None:
        """A layout may read the release more than once."""
        self.clips = max(self.clips, clips)

    def packed(self, written: int) -> None:
        self.bytes = written

    def _tell(self) -> None:
        try:
            while not self._over.wait(TELL_S):
                _held(self._export).update(lease_until=database_now() + LEASE, clips_done=self.clips, bytes=self.bytes)
        except (OperationalError, InterfaceError):
            logger.warning("how far export %s is cannot be said: the database is away", self._export.pk)
        finally:
            connection.close()


def _write(export: Export, folder: Path, progress: _Progress) -> Path:
    """The whole zip, in the working folder."""
    remove_folder(export.folder)  # what a run that was killed may have left
    release, layout = export.release, layout_of(export.release, export.layout)
    fresh = folder / "fresh"
    fresh.mkdir()
    with one_snapshot(read_only=True):
        source = FrozenRelease(release, tell=progress.read)
        write_export(source, layout, fresh, with_history=export.with_history)
    progress.read(release.counts["clips"])
    _check_room(fresh)
    made = folder / "export.zip"
    root = export.download_name.removesuffix(".zip")
    zip_folder(fresh, made, root=root, tell=progress.packed)
    return made


def _check_room(folder: Path) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if shutil.disk_usage(folder).free - size < settings.DISK_LOW_WATER_BYTES:
        raise NoRoom(f"The disk of {folder} is nearly full: {size:,} bytes were not packed there.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stored(export: Export) -> None:
    """Unless it was forgotten meanwhile: then its file goes too."""
    done = _held(export).update(
        status=Export.Status.DONE,
        file=export.file.name,
        sha256=export.sha256,
        bytes=export.bytes,
        clips_done=export.release.counts["clips"],
        error="",
        lease_until=None,
        finished_at=database_now(),
    )
    if done:
        return
    forgotten = Export.objects.filter(pk=export.pk, status=Export.Status.FORGOTTEN)
    if forgotten.update(lease_until=None) or not Export.objects.filter(pk=export.pk).exists():
        remove_folder(export.folder)


def _finish(export: Export, *, status: Export.Status, error: str) -> None:
    _held(export).update(status=status, error=error[:500], lease_until=None, finished_at=database_now())


def _later(export: Export, why: Exception, *, counts: bool) -> None:
    """The sweep brings it back. counts: this was one of MOST_ATTEMPTS tries."""
    logger.warning("export %s waits: %s", export.pk, why)
    if counts and export.attempts >= MOST_ATTEMPTS:
        _finish(export, status=Export.Status.FAILED, error=f"It could not be written: {why}")
        return
    _held(export).update(
        status=Export.Status.QUEUED,
        lease_until=database_now() + PAUSE,
        attempts=export.attempts if counts else export.attempts - 1,
        error=str(why)[:500],
    )


@in_transaction
def ask_for_next() -> None:
    """The one that waits longest, if any may be tried now."""
    due = Q(lease_until=None) | Q(lease_until__lt=database_now())
    waiting = Export.objects.filter(due, status=Export.Status.QUEUED).values_list("pk", flat=True).first()
    if waiting is not None:
        enqueue(WRITE, args=[waiting])


def sweep_exports() -> None:
    """Bring back exports whose worker is gone, give up those that took five with them, remove what is forgotten."""
    _sweep_rows()
    remove_forgotten()


@in_transaction
def _sweep_rows() -> None:
    now = database_now()
    lost = Export.objects.filter(status=Export.Status.WORKING, lease_until__lt=now)
    lost.filter(attempts__gte=MOST_ATTEMPTS).update(
        status=Export.Status.FAILED,
        lease_until=None,
        error="Writing this export failed five times without an answer.",
        finished_at=now,
    )
    unheard = Export.objects.filter(status=Export.Status.QUEUED)
    unheard = unheard.filter(Q(lease_until__lt=now) | Q(lease_until=None, created_at__lt=now - timedelta(minutes=2)))
    due = lost.filter(attempts__lt=MOST_ATTEMPTS) | unheard
    if Export.objects.filter(status=Export.Status.WORKING, lease_until__gte=now).exists():
        return  # whoever works now asks for the next one
    for pk in due.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        # Only if it still is so, and pushed forward, so that the next sweep does not send it once more.
        pushed = {"status": Export.Status.QUEUED, "lease_until": now + timedelta(minutes=2)}
        if due.filter(pk=pk).update(**pushed):
            enqueue(WRITE, args=[pk])


@in_transaction
def forget_exports(project: Project) -> None:
    """What is in the project's exports has changed: their files go, and each is written again.

    Part of the caller's transaction; files go once that is committed, and never before. Safe to run twice.
    """
    ReleaseTally.objects.filter(later__project=project).delete()
    stale = Export.objects.wanted().filter(release__project=project).select_for_update(of=("self",))
    for export in list(stale):
        Export.objects.filter(pk=export.pk).update(status=Export.Status.FORGOTTEN)
        again = Export.objects.create(
            release_id=export.release_id,
            layout=export.layout,
            with_history=export.with_history,
            requested_by_id=export.requested_by_id,
        )
        enqueue(WRITE, args=[again.pk])
    transaction.on_commit(remove_forgotten, robust=True)


def remove_forgotten() -> None:
    """The files of forgotten exports, and their rows once no worker can be at them any more."""
    for export in Export.objects.filter(status=Export.Status.FORGOTTEN)[:REMOVED_AT_ONCE]:
        if not remove_folder(export.folder):
            return  # the next would not go either
        if export.lease_until is None or export.lease_until < database_now():
            export.delete()
