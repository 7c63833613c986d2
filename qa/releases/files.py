"""Writing an export: whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.files.storage import storages

from annotation.errors import BadInput
from annotation.stored_files import copy_to

MARK = "manifest.json"
"""What tells that a folder is an earlier export and may be replaced."""


def write_whole(out: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder beside `out`, then put it in its place. An earlier export there is replaced.

    Raises BadInput for a folder that holds something else. Killed midway, `out` is as it was.
    """
    out = out.absolute()
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MARK).is_file())):
        raise BadInput({"out": f"{out} exists and is no earlier export: nothing is overwritten"})
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        fresh = work / "fresh"
        fresh.mkdir()
        write(fresh)
        _sync(fresh)
        if out.exists():
            out.rename(work / "old")
        fresh.rename(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def copy_or_link(name: str, target: Path, *, sha256: str) -> None:
    """The stored file under another name: a hard link where both stand on one file system, else a copy.

    Raises StoreAway, NoRoom; OSError if the store's bytes are not those of the row.
    """
    try:
        os.link(storages["default"].path(name), target)
    except (NotImplementedError, OSError):
        copy_to(name, target, sha256=sha256)


def _sync(folder: Path) -> None:
    """To the disk, before the name says that it is there."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
