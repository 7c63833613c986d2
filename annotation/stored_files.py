"""The files of the store, on this disk or in S3: read piece by piece, or copied for work that needs a real file.

A store that does not answer is StoreAway, whatever library said so; a name that it does not hold is FileNotFoundError.
"""

import errno
import fcntl
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages

from annotation.errors import NoRoom, StoreAway

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024
YOUNG_S = 60
"""A working folder may stand for so long before it is locked by who made it."""


@contextmanager
def answering() -> Iterator[None]:
    """Whatever is done with the store inside raises StoreAway when it does not answer or refuses us."""
    if settings.MEDIA_STORAGE == "local":
        yield
        return
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in (404, 416):
            raise FileNotFoundError(str(error)) from error
        raise StoreAway from error
    except (BotoCoreError, Boto3Error, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise StoreAway from error


def check_room(size: int) -> None:
    """Raises NoRoom if so many bytes more would leave less than DISK_LOW_WATER_BYTES on a local store's disk (F-22)."""
    if settings.MEDIA_STORAGE != "local":
        return
    root = Path(settings.MEDIA_ROOT)
    while not root.exists():
        root = root.parent
    free = shutil.disk_usage(root).free
    if free - size < settings.DISK_LOW_WATER_BYTES:
        raise NoRoom(f"The disk of the videos is nearly full: {free:,} bytes are free, {size:,} are to come.")


def size_of(name: str) -> int:
    """Bytes of the stored file."""
    with answering():
        return storages["default"].size(name)


def pieces(name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
    """Bytes `first` to `last` (both counted) in pieces of at most CHUNK; the rest if last is None.

    Nothing else is fetched or held. The file is opened before this returns, so that refusals come before any answer.
    """
    storage: Any = storages["default"]
    with answering():
        if settings.MEDIA_STORAGE == "local":
            file = storage.open(name, "rb")
            file.seek(first)
        else:
            wanted = {"Range": f"bytes={first}-{'' if last is None else last}"} if first or last is not None else {}
            file = storage.bucket.Object(name).get(**wanted)["Body"]
    return _pieces(file, None if last is None else last - first + 1)


def _pieces(file: Any, left: int | None) -> Iterator[bytes]:
    try:
        while left is None or left > 0:
            with answering():
                piece = file.read(CHUNK if left is None else min(CHUNK, left))
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            yield piece
    finally:
        file.close()


def join_to(names: list[str], target: Path, *, size: int) -> str:
    """The stored files one after the other at `target`, or nothing there; gives the SHA-256. size: of them all.

    Raises NoRoom before anything is fetched, StoreAway, FileNotFoundError if one is gone, OSError for another length.
    """
    if shutil.disk_usage(target.parent).free - size < settings.DISK_LOW_WATER_BYTES:
        raise NoRoom(f"The disk of {target.parent} is nearly full: {size:,} bytes were not put together there.")
    digest = hashlib.sha256()
    try:
        with target.open("xb") as whole:
            for name in names:
                for piece in pieces(name):
                    digest.update(piece)
                    whole.write(piece)
            written = whole.tell()
        if written != size:
            raise OSError(f"{target.name}: {written:,} bytes are stored where {size:,} should be")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def store_whole(path: Path, name: str) -> str:
    """Move the file at `path` into the store; gives its name there. Killed midway, nothing stands under that name.

    Raises StoreAway, NoRoom.
    """
    storage: Any = storages["default"]
    if settings.MEDIA_STORAGE != "local":
        with answering(), path.open("rb") as file:
            return str(storage.save(name, File(file)))
    target = Path(storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    _sync(path)
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        check_room(path.stat().st_size)
        beside = target.with_name(f"{target.name}.part")
        shutil.copyfile(path, beside)
        _sync(beside)
        beside.replace(target)
    target.chmod(storage.file_permissions_mode or 0o644)
    _sync(target.parent)
    return name


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_folder(folder: str) -> bool:
    """Remove the stored files directly in a folder; whether it could be done."""
    storage = storages["default"]
    try:
        with answering():
            for name in storage.listdir(folder)[1]:
                storage.delete(f"{folder}/{name}")
            if settings.MEDIA_STORAGE == "local":
                Path(storage.path(folder)).rmdir()
    except FileNotFoundError:
        return True
    except (StoreAway, OSError):
        logger.warning("files in %s stay in the store", folder)
        return False
    return True


def copy_to(name: str, target: Path, *, most: int | None = None, sha256: str | None = None) -> None:
    """The stored file at `target`, of the right length (and digest, if given), or nothing there.

    Raises NoRoom before anything is fetched: for a file of more than `most` bytes, or a disk that would be left with
    less than DISK_LOW_WATER_BYTES.
    """
    size = size_of(name)
    if most is not None and size > most:
        raise NoRoom(f"{name} has {size:,} bytes; work takes at most {most:,}.")
    if shutil.disk_usage(target.parent).free - size < settings.DISK_LOW_WATER_BYTES:
        raise NoRoom(f"The disk of {target.parent} is nearly full: {name} ({size:,} bytes) was not copied there.")
    digest = hashlib.sha256()
    try:
        with target.open("xb") as copy:
            for piece in pieces(name):
                digest.update(piece)
                copy.write(piece)
            written = copy.tell()
        if written != size:
            raise StoreAway
        if sha256 is not None and digest.hexdigest() != sha256:
            raise OSError(f"{name}: the store has other bytes than its row says")
    except BaseException:
        target.unlink(missing_ok=True)
        raise


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder for one video's work, on the disk of the data; gone afterwards, whatever happens.

    Who is killed cannot tidy up: the next one to work here removes the folders that nobody holds any more.
    """
    parent = Path(settings.DATA_DIR) / "work"
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    with TemporaryDirectory(dir=parent) as name, _held(Path(name)):
        yield Path(name)


def remove_abandoned(parent: Path) -> None:
    """Remove the working folders whose process is gone: the kernel has let go of their lock."""
    for folder in parent.iterdir():
        try:
            if time.time() - folder.stat().st_mtime > YOUNG_S:
                with _held(folder):
                    shutil.rmtree(folder, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError, NotADirectoryError):
            continue


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Locked by this process until the end or its death. Raises BlockingIOError if another one holds it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
