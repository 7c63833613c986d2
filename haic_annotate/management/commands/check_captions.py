"""`manage check_captions FILE`: what the checks say of each caption in a file. Needs no database."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from annotation.caption_checks import RULES, check_caption
from annotation.check_scores import Labelled, scores
from annotation.text import checked_text
from haic_annotate.line_commands import MOST_CHARACTERS, LineCommand, LineRefused, checked_id

LONGEST_S = 24 * 3600


class Command(LineCommand):
    help = (
        "Check captions, one JSON object a line: {id, caption, duration_s}."
        ' Writes one line {"id", "flags": [{"rule", "blocks"}]} for each, in order. Further keys are ignored.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--report",
            action="store_true",
            help='compare with the labels, "flags": [rule, …] in each line, and write precision and recall instead',
        )

    def handle(self, *args: Any, file: Path, report: bool = False, **options: Any) -> None:
        self.is_report = report
        if not report:
            super().handle(*args, file=file, **options)
            return
        self.is_refused = False
        rows: list[Labelled] = list(self.answers(file))
        self.stdout.write(json.dumps({"captions": len(rows), **scores(rows)}, indent=2))
        if self.is_refused:
            sys.exit(1)

    def answer(self, value: dict[str, Any]) -> Any:
        caption_id, flags = checked_id(value), _flags(value)
        if self.is_report:
            return Labelled(frozenset(flags), _labels(value))
        return {"id": caption_id, "flags": [{"rule": rule, "blocks": False} for rule in flags]}


def _flags(value: dict[str, Any]) -> list[str]:
    """Each rule once, in the order of the text."""
    text = checked_text(value.get("caption"), field="caption", most=MOST_CHARACTERS)
    duration_s = value.get("duration_s")
    if isinstance(duration_s, bool) or not isinstance(duration_s, int | float) or not 0 <= duration_s <= LONGEST_S:
        raise LineRefused(f"duration_s: must be a number of seconds from 0 to {LONGEST_S}")
    flags = check_caption(text, duration_ms=round(duration_s * 1000))
    return list(dict.fromkeys(flag.rule for flag in flags))


def _labels(value: dict[str, Any]) -> frozenset[str]:
    labels = value.get("flags")
    if not isinstance(labels, list) or not all(isinstance(label, str) and label in RULES for label in labels):
        raise LineRefused("flags: must be a list of rules")
    return frozenset(labels)
