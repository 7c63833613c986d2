"""`manage export_critiques --project SLUG --out FILE`: what people found wrong in drafts, a JSON line each."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Project
from annotation.services.error_profiles import critiques_of
from haic_annotate.management.actors import add_project, find_project


class Command(BaseCommand):
    help = (
        "Write what was wrong in drafts, of captions that were approved or handed in. Killed midway, FILE is as it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        parser.add_argument("--out", required=True, type=Path, metavar="FILE")

    def handle(self, *args: Any, project: str, out: Path, **options: Any) -> None:
        try:
            lines = _write(find_project(project), out.absolute())
        except OSError as error:
            raise CommandError(f"{out} could not be written: {error}") from error
        self.stdout.write(f"{lines} critique{'' if lines == 1 else 's'} of {project} in {out}")


def _write(project: Project, out: Path) -> int:
    """Beside the file and then in its place. Returns how many lines."""
    lines = 0
    out.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=out.parent, prefix=f".{out.name}-", encoding="utf-8", delete=False) as file:
        try:
            for row in critiques_of(project):
                file.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
                lines += 1
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(out)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return lines
