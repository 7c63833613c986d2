"""A folder as one zip: the same files give the same zip, and no file is held in memory."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say: no file carries when it was written."""
_STORED = frozenset({".mp4", ".parquet"})
"""Compressed already."""
_UNIX = 3
_MODE = 0o100644
_PIECE = 1024 * 1024


def zip_folder(folder: Path, target: Path, *, root: str, tell: Callable[[int], None]) -> None:
    """Write every file below `folder` into a new zip at `target`, by name, below one folder `root`.

    tell: called with the bytes written so far, after each file. Directory entries are left out; ZIP64 where needed.
    """
    files = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    with target.open("xb") as raw, zipfile.ZipFile(raw, "w") as archive:
        for name, path in files:
            with path.open("rb") as source, archive.open(_entry(f"{root}/{name}", path), "w") as entry:
                shutil.copyfileobj(source, entry, _PIECE)
            tell(raw.tell())


def _entry(name: str, path: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_MOMENT)
    entry.compress_type = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = _UNIX, _MODE << 16
    entry.file_size = path.stat().st_size  # so that ZIP64 is chosen before the first byte
    return entry
