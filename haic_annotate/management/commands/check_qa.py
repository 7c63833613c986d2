"""`manage check_qa FILE`: what the checks say of each question in a file. Needs no database."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import BadInput
from annotation.strict_json import NotJSON, read_json
from annotation.text import checked_text
from qa.categories import Category
from qa.checks import item_flags

MOST_CHARACTERS = 100_000
OPTIONS = range(2, 27)


class LineRefused(Exception):
    """Why a line is no question."""


class Command(BaseCommand):
    help = (
        "Check questions, one JSON object a line: {id, category, question, options}, and answer_index, caption_id and"
        " caption if there are."
        ' Writes one line {"id", "flags": [{"rule", "blocks"}]} for each, in order. Further keys are ignored.'
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            lines = file.open("rb")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=2) from error
        is_refused = False
        with lines:
            for number, raw in enumerate(lines, start=1):
                if not raw.strip():
                    continue
                try:
                    self.stdout.write(_checked(raw))
                except LineRefused as refusal:
                    is_refused = True
                    self.stderr.write(f"{file}, line {number}: {refusal}")
        if is_refused:
            sys.exit(1)


def _checked(raw: bytes) -> str:
    try:
        value = read_json(raw)
        if not isinstance(value, dict):
            raise LineRefused("a line must be one JSON object")
        return json.dumps({"id": _id(value), "flags": _flags(value)})
    except NotJSON as error:
        raise LineRefused(str(error)) from error
    except BadInput as error:
        raise LineRefused(error.message) from error


def _flags(value: dict[str, Any]) -> list[dict[str, Any]]:
    category = value.get("category")
    if category not in Category.values:
        raise LineRefused(f"category: must be one of {', '.join(Category.values)}")
    question = checked_text(value.get("question"), field="question", most=MOST_CHARACTERS, blank=False)
    options = value.get("options")
    if not isinstance(options, list) or len(options) not in OPTIONS:
        raise LineRefused(f"options: must be a list of {OPTIONS[0]} to {OPTIONS[-1]}")
    options = [checked_text(option, field="options", most=MOST_CHARACTERS, blank=False) for option in options]
    index = value.get("answer_index")
    # Published questions come without their keys.
    if index is not None and (isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(options)):
        raise LineRefused(f"answer_index: must be a number from 0 to {len(options) - 1}, or absent")
    for name in ("caption_id", "caption"):
        if value.get(name) is not None and not isinstance(value[name], str):
            raise LineRefused(f"{name}: must be text, or absent")
    flags = item_flags(category=category, question=question, options=options)
    return [{"rule": flag.rule, "blocks": flag.blocks} for flag in flags]


def _id(value: dict[str, Any]) -> str | int:
    found = value.get("id")
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise LineRefused("id: must be text or a whole number")
    return found
