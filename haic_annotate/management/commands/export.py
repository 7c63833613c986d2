"""`manage export --project SLUG --release 1.0.0 --layout LAYOUT --out DIR`: write a frozen release."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from haic_annotate.management.actors import add_project, find_project
from qa.releases.layouts import layout_names, layouts_for
from qa.services.releases import export_release, release_of


class Command(BaseCommand):
    help = "Write a frozen release in a layout. The same release gives the same bytes, whenever it is written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        parser.add_argument("--release", required=True, metavar="1.0.0")
        parser.add_argument("--layout", required=True, help=f"{', '.join(layout_names())}, or all")
        parser.add_argument("--out", required=True, type=Path, metavar="DIR")
        parser.add_argument("--history", action="store_true", help="with history.jsonl: every revision and judgement")

    def handle(
        self, *args: Any, project: str, release: str, layout: str, out: Path, history: bool, **options: Any
    ) -> None:
        try:
            found = release_of(find_project(project), release)
            if layout == "all":
                for one in layouts_for(found):
                    export_release(found, layout=one.NAME, out=out / one.NAME, with_history=history)
            else:
                export_release(found, layout=layout, out=out, with_history=history)
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{out} could not be written: {error}") from error
        self.stdout.write(f"{project} {release} as {layout} in {out}")
