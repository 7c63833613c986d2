"""`manage check_qa FILE`: what the checks say of each question in a file. Needs no database."""

import json
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.check_scores import Labelled, figures, scores
from annotation.text import checked_text
from haic_annotate.line_commands import MOST_CHARACTERS, LineCommand, LineRefused, checked_id
from qa.categories import Category
from qa.checks import RULES, Flag, Sibling, item_flags

OPTIONS = range(2, 27)
_BLOCKING = frozenset(rule.id for rule in RULES if rule.blocks)
_KNOWN = frozenset(rule.id for rule in RULES)
_PAIRED = "near-duplicate-pair"


@dataclass(frozen=True)
class _Line:
    """clip: what groups questions, None where the line names no clip. labels: what a reader would flag."""

    id: str | int
    asked: Sibling
    clip: str | None
    caption: str | None
    labels: frozenset[str]
    pair: str | None


class Command(LineCommand):
    help = (
        "Check questions, one JSON object a line: {id, category, question, options}, and answer_index, caption_id and"
        " caption if there are; lines with one caption_id are about one clip."
        ' Writes one line {"id", "flags": [{"rule", "blocks"}]} for each, in order; a near-duplicate names its'
        ' partner in "pair_id". Further keys are ignored.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--report",
            action="store_true",
            help='compare with the labels, "flags": [rule, …] and pair_id in each line, and write precision and recall',
        )

    def handle(self, *args: Any, file: Path, report: bool = False, **options: Any) -> None:
        self.is_refused, self.is_report = False, report
        lines = list(self.answers(file))
        found = zip(lines, _flags_of_all(lines), strict=True)
        if report:
            self.stdout.write(json.dumps(_report(found), indent=2))
        else:
            ids = {str(line.id): line.id for line in lines}
            for line, flags in found:
                self.stdout.write(json.dumps({"id": line.id, "flags": [_shown(flag, ids) for flag in flags]}))
        if self.is_refused:
            sys.exit(1)

    def answer(self, value: dict[str, Any]) -> _Line:
        name = checked_id(value)
        labels, pair = _labels(value) if self.is_report else (frozenset(), None)
        return _Line(name, _asked(value, name), value.get("caption_id"), value.get("caption"), labels, pair)


def _asked(value: dict[str, Any], name: str | int) -> Sibling:
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
    for field in ("caption_id", "caption"):
        if value.get(field) is not None and not isinstance(value[field], str):
            raise LineRefused(f"{field}: must be text, or absent")
    return Sibling(question, tuple(options), index, str(name), category)


def _labels(value: dict[str, Any]) -> tuple[frozenset[str], str | None]:
    """What a reader would flag, and the id of the question that asks the same."""
    labels, pair = value.get("flags"), value.get("pair_id")
    if not isinstance(labels, list) or not all(isinstance(label, str) and label in _KNOWN for label in labels):
        raise LineRefused("flags: must be a list of rules")
    return frozenset(labels), None if pair is None else str(pair)


def _flags_of_all(lines: list[_Line]) -> list[list[Flag]]:
    """What the checks say of each line, in order."""
    clips: dict[str, list[_Line]] = defaultdict(list)
    for line in lines:
        if line.clip is not None:
            clips[line.clip].append(line)
    return [_flags(line, clips[line.clip] if line.clip is not None else []) for line in lines]


def _flags(line: _Line, clip: list[_Line]) -> list[Flag]:
    return item_flags(
        category=line.asked.category,
        question=line.asked.question,
        options=line.asked.options,
        key=line.asked.key,
        caption=line.caption,
        siblings=[other.asked for other in clip if other is not line],
    )


def _shown(flag: Flag, ids: dict[str, str | int]) -> dict[str, Any]:
    shown: dict[str, Any] = {"rule": flag.rule, "blocks": flag.blocks}
    return {**shown, "pair_id": ids[flag.partner]} if flag.rule == _PAIRED else shown


def _report(found: Iterable[tuple[_Line, list[Flag]]]) -> dict[str, Any]:
    """Precision and recall; a near-duplicate counts once a pair, everything else once a question."""
    rows, said_pairs, meant_pairs = [], set(), set()
    for line, flags in found:
        said = frozenset(flag.rule for flag in flags)
        rows.append(Labelled(said - {_PAIRED}, line.labels - {_PAIRED}))
        said_pairs |= {frozenset((str(line.id), flag.partner)) for flag in flags if flag.rule == _PAIRED}
        if _PAIRED in line.labels:
            meant_pairs.add(frozenset((str(line.id), line.pair or "")))
    questions = len(rows)
    of_pairs = frozenset((_PAIRED,))
    rows += [
        Labelled(of_pairs if pair in said_pairs else frozenset(), of_pairs if pair in meant_pairs else frozenset())
        for pair in said_pairs | meant_pairs
    ]
    return {
        "questions": questions,
        "blocking": figures(rows, _BLOCKING),
        "warnings": figures(rows, _KNOWN - _BLOCKING),
        **scores(rows),
    }
