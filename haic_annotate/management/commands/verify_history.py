"""`manage verify_history [FILE] [--project SLUG]`: digests, chains and states, or the first thing that fails.

A FILE is proved by itself: no service is started and no database is asked.
"""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Project
from annotation.snapshots import one_snapshot
from haic_annotate.management.actors import add_project, find_project
from qa.history.verifying import HistoryFileBroken, verify_file
from qa.services.history import HistoryBroken, verify_project


class Command(BaseCommand):
    help = (
        "Recompute every digest and replay every state, of a FILE (history.jsonl) or of the projects here; name the"
        " first line or row that does not hold."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
        add_project(parser, required=False)

    def handle(self, *args: Any, file: Path | None, project: str | None, **options: Any) -> None:
        if file is not None and project is not None:
            raise CommandError("a FILE is proved by itself: name it or a project, not both", returncode=2)
        said = _said_of_file(file) if file is not None else _said_of_projects(project)
        self.stdout.write(f"history verified: {said}")


def _said_of_file(file: Path) -> str:
    try:
        return str(verify_file(file))
    except HistoryFileBroken as error:
        raise CommandError(f"{file}: {error}") from error
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}", returncode=2) from error


def _said_of_projects(slug: str | None) -> str:
    projects = [find_project(slug)] if slug else list(Project.objects.all())
    total: Counter[str] = Counter()
    with one_snapshot(read_only=True):  # people may go on working meanwhile
        for one in projects:
            try:
                total += verify_project(one).counts
            except HistoryBroken as error:
                raise CommandError(f"project {one.slug}: {error}") from error
    return ", ".join(f"{count} {kind}" for kind, count in sorted(total.items())) or "nothing yet"
