"""The local store. A name stands for a whole file or for none: a kill in the middle of writing leaves no half one."""

import os
import secrets
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    def _save(self, name: str, content: File) -> str:
        part: str = super()._save(f"{name}.{secrets.token_hex(8)}.part", content)  # type: ignore[misc]  # Django's own hook; the stubs leave it out
        source = Path(self.path(part))
        try:
            with source.open("rb") as written:
                os.fsync(written.fileno())
            given = name
            while True:
                try:
                    os.link(source, self.path(given))
                    return given
                except FileExistsError:
                    given = self.get_available_name(name)
        finally:
            source.unlink(missing_ok=True)
