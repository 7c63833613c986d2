"""`manage import_release DIR --project SLUG`: read our own export back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from qa.services.releases import import_release


class Command(BaseCommand):
    help = "Rebuild a release, in the layout haicbench, in a project that has no clips. All of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        add_project(parser)
        parser.add_argument(
            "--without-history", action="store_true", help="leave history.jsonl aside, and rebuild the last words only"
        )
        add_actor(parser)

    def handle(
        self, *args: Any, folder: Path, project: str, without_history: bool, actor: str | None, **options: Any
    ) -> None:
        try:
            release = import_release(
                find_project(project), folder, actor=find_actor(actor), with_history=not without_history
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        counts = release.counts
        self.stdout.write(f"{project} {release.version}: {counts['clips']} clips, {counts['questions']} questions")
        self.stdout.write(f"digest {release.digest}")
