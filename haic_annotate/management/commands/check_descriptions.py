"""`manage check_descriptions FILE`: which acts of people each description in a file names. Needs no database."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.accumulation.verbs import action_verbs
from annotation.check_scores import Labelled, f1, figures
from annotation.text import checked_text
from haic_annotate.line_commands import MOST_CHARACTERS, LineCommand, LineRefused, checked_id

_RULE = frozenset(("action-verb",))


@dataclass(frozen=True)
class _Line:
    """verbs: what was found; is_act: the label; language: None where the line names none."""

    id: str | int
    text: str
    verbs: list[str]
    is_act: bool
    language: str | None

    @property
    def labelled(self) -> Labelled:
        return Labelled(_RULE if self.verbs else frozenset(), _RULE if self.is_act else frozenset())


class Command(LineCommand):
    help = (
        "Look for verbs that name an act of a human body in descriptions of videos, one JSON object a line: {id, text}."
        ' Writes one line {"id", "has_action_verb", "verbs"} for each, in order. Further keys are ignored.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--report",
            action="store_true",
            help='compare with the labels, "has_action_verb": true or false in each line (and "language", if it is'
            " there), and write precision, recall, F1 and what was wrong instead",
        )

    def handle(self, *args: Any, file: Path, report: bool = False, **options: Any) -> None:
        self.is_report = report
        if not report:
            super().handle(*args, file=file, **options)
            return
        self.is_refused = False
        self.stdout.write(json.dumps(_report(list(self.answers(file))), indent=2, ensure_ascii=False))
        if self.is_refused:
            sys.exit(1)

    def answer(self, value: dict[str, Any]) -> Any:
        name = checked_id(value)
        text = checked_text(value.get("text"), field="text", most=MOST_CHARACTERS)
        if self.is_report:
            return _Line(name, text, action_verbs(text), _label(value), _language(value))
        verbs = action_verbs(text)
        return {"id": name, "has_action_verb": bool(verbs), "verbs": verbs}


def _label(value: dict[str, Any]) -> bool:
    label = value.get("has_action_verb")
    if not isinstance(label, bool):
        raise LineRefused("has_action_verb: must be true or false")
    return label


def _language(value: dict[str, Any]) -> str | None:
    language = value.get("language")
    if language is not None and not isinstance(language, str):
        raise LineRefused("language: must be text, or absent")
    return language


def _report(lines: Sequence[_Line]) -> dict[str, Any]:
    languages = sorted({line.language for line in lines if line.language is not None})
    return {
        "descriptions": len(lines),
        "overall": _figures(lines),
        "languages": {
            language: _figures([line for line in lines if line.language == language]) for language in languages
        },
        "wrongly_found": [_shown(line) for line in lines if line.verbs and not line.is_act],
        "missed": [_shown(line) for line in lines if line.is_act and not line.verbs],
    }


def _figures(lines: Sequence[_Line]) -> dict[str, Any]:
    rows = [line.labelled for line in lines]
    return {**figures(rows, _RULE), "f1": f1(rows, _RULE)}


def _shown(line: _Line) -> dict[str, Any]:
    return {"id": line.id, "text": line.text, "verbs": line.verbs}
