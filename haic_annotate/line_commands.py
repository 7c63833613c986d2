"""Commands that answer a file of JSON objects line by line, without a database or any service."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import BadInput
from annotation.strict_json import NotJSON, read_json

MOST_CHARACTERS = 100_000
"""Of one text."""


class LineRefused(Exception):
    """Why a line cannot be answered."""


class LineCommand(BaseCommand):
    """One line out for each line in, in order; bad ones are named on stderr. Exit codes: 1 if any was, 2: no file."""

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        self.is_refused = False
        for answer in self.answers(file):
            self.stdout.write(json.dumps(answer))
        if self.is_refused:
            sys.exit(1)

    def answer(self, value: dict[str, Any]) -> Any:
        """What is said of one object. Raises LineRefused or BadInput."""
        raise NotImplementedError

    def answers(self, file: Path) -> Iterator[Any]:
        """Of all lines that have one."""
        try:
            lines = file.open("rb")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=2) from error
        with lines:
            for number, raw in enumerate(lines, start=1):
                if not raw.strip():
                    continue
                try:
                    answer = self.answer(_object(raw))
                except (LineRefused, BadInput, NotJSON) as refusal:
                    self.is_refused = True
                    self.stderr.write(f"{file}, line {number}: {refusal}")
                else:
                    yield answer


def checked_id(value: dict[str, Any]) -> str | int:
    found = value.get("id")
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise LineRefused("id: must be text or a whole number")
    return found


def _object(raw: bytes) -> dict[str, Any]:
    value = read_json(raw)
    if not isinstance(value, dict):
        raise LineRefused("a line must be one JSON object")
    return value
