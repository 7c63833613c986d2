"""`manage verify_history [--project SLUG]`: digests, chains and states, or the first row that fails."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Project
from annotation.snapshots import one_snapshot
from haic_annotate.management.actors import add_project, find_project
from qa.services.history import HistoryBroken, verify_project


class Command(BaseCommand):
    help = "Recompute every digest and replay every state; name the first row that does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser, required=False)

    def handle(self, *args: Any, project: str | None, **options: Any) -> None:
        projects = [find_project(project)] if project else list(Project.objects.all())
        total: Counter[str] = Counter()
        with one_snapshot(read_only=True):  # people may go on working meanwhile
            for one in projects:
                try:
                    total += verify_project(one).counts
                except HistoryBroken as error:
                    raise CommandError(f"project {one.slug}: {error}") from error
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(total.items())) or "nothing yet"
        self.stdout.write(f"history verified: {said}")
