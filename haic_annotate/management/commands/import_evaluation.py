"""`manage import_evaluation FILE --project SLUG`: what models answered, wrote or scored elsewhere."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_actor, add_project, find_actor, find_project
from qa.evaluation.importers import (
    CaptionLine,
    Format,
    Prediction,
    PublishedRow,
    Score,
    find_format,
    format_names,
    format_of,
    readable,
)
from qa.models import Release, Setting
from qa.services.evaluation_imports import (
    Imported,
    UnknownIds,
    import_captions,
    import_predictions,
    import_published,
    import_scores,
)
from qa.services.releases import release_of

LISTED = 20
OF_PREDICTIONS = ("model", "setting", "frames", "order")
"""Options for what other files say themselves."""


class Command(BaseCommand):
    help = (
        "Import predictions (lmms-eval, VLMEvalKit, JSONL), captions of a model, benchmark scores or a published table."
        " The format is found by what the file holds. All of it or nothing: docs/evaluation-imports.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        add_project(parser)
        parser.add_argument("--release", metavar="1.0.0", help="without it: what is approved now")
        parser.add_argument("--format", choices=format_names())
        parser.add_argument("--model", help="which answered; needed for predictions")
        parser.add_argument("--setting", choices=Setting.values, help=f"of predictions ({Setting.STANDARD})")
        parser.add_argument("--judge", help="who answered from the captions")
        parser.add_argument("--frames", type=int, metavar="N", help="how many the model was shown")
        parser.add_argument("--order", type=int, metavar="N", help="which order of the export was shown: 1 to 3")
        parser.add_argument("--allow-unknown", action="store_true", help="leave aside what the release does not hold")
        parser.add_argument("--dry-run", action="store_true", help="say what would come; write nothing")
        add_actor(parser)

    def handle(self, *args: Any, file: Path, project: str, actor: str | None, **options: Any) -> None:
        found, user = find_project(project), find_actor(actor)
        try:
            release = release_of(found, options["release"]) if options.get("release") else None
            form = find_format(options["format"]) if options.get("format") else format_of(file)
            about = {"project": found, "user": user, "path": file, "format": form.NAME}
            self._import(form, {**about, "dry_run": bool(options.get("dry_run"))}, release, options)
        except UnknownIds as error:
            self._list("in the file only", error.detail["unknown"])
            self._list("not in the file", error.detail["missing"])
            raise CommandError(f"{error.message}; --allow-unknown leaves them aside") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error}") from error

    def _import(self, form: Format, about: dict[str, Any], release: Release | None, options: dict[str, Any]) -> None:
        _refuse_needless(form, options)
        with_ids: dict[str, Any] = {
            "release": release,
            "judge": options.get("judge") or "",
            "allow_unknown": bool(options.get("allow_unknown")),
            "tell": self._show_progress,
        }
        if form.RECORD is Score:
            said = f"{import_scores(**about)} benchmark scores"
        elif form.RECORD is PublishedRow:
            said = f"{import_published(release=release, **about)} published rows"
        elif form.RECORD is CaptionLine:
            said = self._told(import_captions(**about, **with_ids), "captions")
        else:
            imported = import_predictions(**about, **with_ids, **_of_predictions(options))
            said = f"{self._told(imported, 'answers')}, {imported.right} right, {imported.unparsed} unparsed"
        self.stdout.write(f"would be {said}" if about["dry_run"] else said)

    def _told(self, imported: Imported, what: str) -> str:
        self._list("not in the file", imported.missing)
        self._list("in the file only, left aside", imported.unknown)
        self._list("withdrawn, left aside", imported.withdrawn)
        return f"run {imported.run.uid}: {imported.count} {what}" if imported.run else f"{imported.count} {what}"

    def _list(self, what: str, names: list[str]) -> None:
        if not names:
            return
        self.stdout.write(f"{what}: {len(names)}")
        for name in names[:LISTED]:
            self.stdout.write(f"  {readable(name)}")
        if len(names) > LISTED:
            self.stdout.write("  …")

    def _show_progress(self, done: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done}", ending="")


def _refuse_needless(form: Format, options: dict[str, Any]) -> None:
    if form.RECORD is Prediction:
        return
    for name in OF_PREDICTIONS:
        if options.get(name) is not None:
            raise CommandError(f"--{name} is for predictions; a file of {form.RECORD.WHAT} says itself what it holds")


def _of_predictions(options: dict[str, Any]) -> dict[str, Any]:
    if not options.get("model"):
        raise CommandError("--model is missing: which one answered?")
    return {
        "model": options["model"],
        "setting": options.get("setting") or Setting.STANDARD,
        "frames": options.get("frames"),
        "order": options.get("order") or 0,
    }
