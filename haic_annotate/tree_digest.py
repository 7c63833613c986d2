"""A short name for the present content of a folder."""

import hashlib
from pathlib import Path


def tree_digest(folder: Path) -> str:
    """12 hexadecimal digits over the names, sizes and times of change of its files; no file is opened."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            facts = path.stat()
            digest.update(f"{path.relative_to(folder)}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]
