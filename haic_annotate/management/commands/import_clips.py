"""`manage import_clips MANIFEST --project SLUG [--dry-run]`: clips, with or without drafts, from JSONL or CSV."""

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from qa.services.clip_batches import LineOutcome
from qa.services.imports import import_manifest, preview_manifest


class Command(BaseCommand):
    help = "Import clips from a manifest: JSONL or CSV. Good lines go in; running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("manifest", type=Path, metavar="MANIFEST", help="one JSON object a line, or a CSV")
        parser.add_argument("--format", choices=["jsonl", "csv"], help="default: csv for a name in .csv, else jsonl")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen to each line; write nothing")
        add_project(parser)
        add_actor(parser)

    def handle(self, *args: Any, manifest: Path, project: str, actor: str | None, **options: Any) -> None:
        if not manifest.is_file():
            raise CommandError(f"there is no manifest {manifest}")
        counts: Counter[str] = Counter()
        is_dry, form = options.get("dry_run", False), options.get("format")
        take = preview_manifest if is_dry else import_manifest
        try:
            for outcome in take(manifest=manifest, project=find_project(project), actor=find_actor(actor), form=form):
                counts[outcome.result] += 1
                self._show_progress(sum(counts.values()))
                self._say(outcome, every=is_dry)
        except DomainError as error:
            raise CommandError(error.message) from error
        said = f"{counts['new']} new, {counts['existing']} existing, {counts['refused']} refused"
        self.stdout.write(f"would be {said}" if is_dry else said)
        if counts["refused"]:
            sys.exit(1)

    def _say(self, outcome: LineOutcome, *, every: bool) -> None:
        """What a person should know of a line, or, with `every`, of each."""
        for warning in outcome.warnings:
            self.stdout.write(f"line {outcome.number}: warning: {warning}")
        if outcome.result == "refused":
            self.stdout.write(f"line {outcome.number}: refused: {outcome.reason}")
        elif every and outcome.clip_id:
            self.stdout.write(f"line {outcome.number}: {outcome.result}: {outcome.clip_id}")

    def _show_progress(self, done: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done} lines", ending="")
