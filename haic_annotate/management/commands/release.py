"""`manage release --project SLUG --version 1.0.0 --notes …`: freeze what is approved."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from qa.releases.freeze import InTheWay
from qa.services.releases import freeze_release


class Command(BaseCommand):
    help = "Freeze a release of everything that is approved, or list what is in the way."

    def create_parser(self, *args: Any, **options: Any) -> Any:
        """Django's own --version gives way to the release's."""
        options["conflict_handler"] = "resolve"
        return super().create_parser(*args, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        parser.add_argument("--version", dest="release_version", required=True, metavar="1.0.0")
        parser.add_argument("--kind", choices=["benchmark"], default="benchmark")
        parser.add_argument("--notes", default="")
        add_actor(parser)

    def handle(self, *args: Any, project: str, release_version: str, notes: str, actor: str | None, **_: Any) -> None:
        try:
            release = freeze_release(
                project=find_project(project), version=release_version, notes=notes, actor=find_actor(actor)
            )
        except InTheWay as error:
            for condition in error.detail["conditions"]:
                self.stdout.write(
                    f"{condition['name']}: {condition['message']} {', '.join(condition['items'])}".rstrip()
                )
            raise CommandError("nothing was frozen: see what is in the way above") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        counts = release.counts
        self.stdout.write(f"{project} {release.version}: {counts['clips']} clips, {counts['questions']} questions")
        self.stdout.write(f"digest {release.digest}")
