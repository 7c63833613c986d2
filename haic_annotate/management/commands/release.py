"""`manage release --project SLUG --version 1.0.0 [--kind train] --notes …`: freeze a benchmark, or training data."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from qa.models import ReleaseKind
from qa.releases.gate import InTheWay
from qa.services.releases import freeze_release, freeze_training_data

PROCESSES = 2
"""For the caption checks of drafts that came in bulk."""


class Command(BaseCommand):
    help = (
        "Freeze a release of everything that is approved, or list what is in the way."
        " Training data also takes drafted captions without flags, and nothing that a benchmark release shows."
    )

    def create_parser(self, *args: Any, **options: Any) -> Any:
        """Django's own --version gives way to the release's."""
        options["conflict_handler"] = "resolve"
        return super().create_parser(*args, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        parser.add_argument("--version", dest="release_version", required=True, metavar="1.0.0")
        parser.add_argument("--kind", choices=ReleaseKind.values, default=ReleaseKind.BENCHMARK)
        parser.add_argument("--notes", default="")
        add_actor(parser)

    def handle(
        self, *args: Any, project: str, release_version: str, kind: str, notes: str, actor: str | None, **_: Any
    ) -> None:
        try:
            freeze = partial(freeze_training_data, processes=PROCESSES) if kind == "train" else freeze_release
            release = freeze(
                project=find_project(project), version=release_version, notes=notes, actor=find_actor(actor)
            )
        except InTheWay as error:
            for condition in error.detail["conditions"]:
                self.stdout.write(f"{condition['name']}: {condition['message']}")
                for item in condition["items"]:
                    self.stdout.write(f"  {item['id']}  {item['url']}")
            raise CommandError("nothing was frozen: see what is in the way above") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        counts = release.counts
        self.stdout.write(f"{project} {release.version}: {counts['clips']} clips, {counts['questions']} questions")
        if "excluded" in counts:
            why = ", ".join(f"{count} {reason}" for reason, count in counts["excluded"].items())
            self.stdout.write(f"{counts['drafted']} of them drafted; left out: {why}")
        self.stdout.write(f"digest {release.digest}")
