"""`manage import_clips MANIFEST.jsonl --project SLUG`: clips, with or without drafts."""

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from qa.services.imports import import_manifest


class Command(BaseCommand):
    help = "Import clips from a manifest, one JSON object a line. Good lines go in; running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("manifest", type=Path, metavar="MANIFEST.jsonl")
        add_project(parser)
        add_actor(parser)

    def handle(self, *args: Any, manifest: Path, project: str, actor: str | None, **options: Any) -> None:
        if not manifest.is_file():
            raise CommandError(f"there is no manifest {manifest}")
        counts: Counter[str] = Counter()
        try:
            for outcome in import_manifest(manifest=manifest, project=find_project(project), actor=find_actor(actor)):
                counts[outcome.result] += 1
                self._show_progress(sum(counts.values()))
                for warning in outcome.warnings:
                    self.stdout.write(f"line {outcome.number}: warning: {warning}")
                if outcome.result == "refused":
                    self.stdout.write(f"line {outcome.number}: refused: {outcome.reason}")
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{counts['new']} new, {counts['existing']} existing, {counts['refused']} refused")
        if counts["refused"]:
            sys.exit(1)

    def _show_progress(self, done: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done} lines", ending="")
