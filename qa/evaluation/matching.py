"""What somebody brought, held against what a release holds: ids that only one of them has are listed, never guessed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Generic, TypeVar

from annotation.errors import BadInput
from qa.answers import parse_answer
from qa.evaluation.importers import CaptionLine, Format, Prediction, lettered, readable, refused
from qa.evaluation.questions import Question
from qa.models import Answer, AskedQuestion, EvaluationRun, Setting
from qa.models.runs import LONGEST_REPLY
from qa.releases.layouts._harness import SHUFFLES, order_of

LETTERS = "ABCD"
READS_CAPTION = frozenset({Setting.HUMAN_CAPTIONS, Setting.DRAFT_CAPTION})
"""Settings in which the judge reads an approved caption, or its draft."""
T = TypeVar("T")
R = TypeVar("R", Prediction, CaptionLine)
Order = tuple[int, ...]
"""Places in the published order, as they were shown."""


class Matching(Generic[T]):
    """known: id -> what is there. withdrawn: ids that were there before their clips were withdrawn.

    unknown, left_out: ids of the file that are not there, and that are withdrawn, each with its line.
    """

    def __init__(self, known: Mapping[str, T], withdrawn: Collection[str]) -> None:
        self._known, self._withdrawn = known, withdrawn
        self._met: set[str] = set()
        self.unknown: dict[str, int] = {}
        self.left_out: dict[str, int] = {}

    def pairs(self, records: Iterable[R]) -> Iterator[tuple[T, R]]:
        """Those that are on both sides, as they are read. The lists are whole when all were."""
        for record in records:
            found = self._known.get(record.name)
            if found is not None:
                self._met.add(record.name)
                yield found, record
            elif record.name in self._withdrawn:
                self.left_out[record.name] = record.line
            else:
                self.unknown[record.name] = record.line

    @property
    def missing(self) -> list[str]:
        return [name for name in self._known if name not in self._met]


@dataclass(frozen=True)
class Brought:
    """What holds for a whole file of predictions. where: what it is held against, for people.

    order: which of the export's other orders was shown; 0 for the published one, or the one that the file tells.
    """

    path: Path
    form: Format
    where: str
    setting: str
    order: int


def checked_brought(*, path: Path, form: Format, where: str, setting: str, order: int) -> Brought:
    """Raises BadInput for a setting that cannot be brought, and for an order that is not told or told twice."""
    if setting not in Setting.values or setting == Setting.NONE_OF_THESE:
        names = ", ".join(one for one in Setting.values if one != Setting.NONE_OF_THESE)
        raise BadInput({"setting": f"must be one of {names}"})
    if order not in (0, *SHUFFLES):
        raise BadInput({"order": f"must be one of {', '.join(map(str, SHUFFLES))}"})
    if order and setting != Setting.SHUFFLED:
        raise BadInput({"order": f"the setting {setting} shows the options as they are published"})
    if order and form.TELLS_ORDER:
        raise BadInput({"order": f"a file of {form.TITLE} tells it by itself"})
    if setting == Setting.SHUFFLED and not order and not form.TELLS_ORDER:
        raise BadInput({"order": "the file does not tell which was shown: 1, 2 or 3, by the columns of the export"})
    return Brought(path, form, where, setting, order)


def answer_to(question: Question, said: Prediction, *, brought: Brought, run: EvaluationRun, now: datetime) -> Answer:
    """Neither it nor what it answers is stored. Raises BadInput where another question was asked than is known."""
    order = _order(question, said, brought)
    options = [question.options[place] for place in order]
    letter = parse_answer(said.reply, [option["text"] for option in options]) or ""
    key_index = order.index(question.key_index)
    asked = AskedQuestion(
        run=run,
        item_id=question.item,
        revision_id=question.revision,
        caption_revision_id=question.caption if brought.setting in READS_CAPTION else None,
        clip_id=question.clip,
        category=question.category,
        people=question.people,
        order=[option["id"] for option in options],
        key_index=key_index,
    )
    return Answer(
        asked=asked,
        letter=letter,
        choice=options[LETTERS.index(letter)]["id"] if letter else "",
        is_right=letter == LETTERS[key_index],
        reply=said.reply[:LONGEST_REPLY],
        created_at=now,
    )


def _order(question: Question, said: Prediction, brought: Brought) -> Order:
    published = tuple(range(len(question.options)))
    found = _shown_order(question, said.shown) if said.shown else None
    problem = ""
    if said.shown and found is None:
        problem = f"was asked in other words than it has in {brought.where}"
    elif brought.form.TELLS_ORDER and not said.shown:
        problem = "stands without what was asked (“input”)"
    elif found not in (None, published) and not (brought.form.TELLS_ORDER and brought.setting == Setting.SHUFFLED):
        problem = f"has its options in another order than in {brought.where}; the setting {Setting.SHUFFLED} may have"
    if problem:
        raise refused(brought.path, said.line, f"“{readable(said.name)}” {problem}")
    if brought.order:
        return tuple(order_of(question.question_id, brought.order, len(published)))
    return found or published


def _shown_order(question: Question, shown: str) -> Order | None:
    """None where it is not this question, or not with these options. The published order is tried first."""
    texts = [option["text"] for option in question.options]
    for order in permutations(range(len(texts))):
        if f"{question.text}\n{lettered([texts[place] for place in order])}\n" in f"{shown}\n":
            return order
    return None
