"""What the checks say of a question: the one place that asks them for the workspace and for handing in."""

from dataclasses import dataclass
from typing import Any

from qa.checks import Flag, Sibling, item_flags
from qa.models import QAItem
from qa.services.similar_questions import asked_of


@dataclass(frozen=True)
class Around:
    """What a question is held against; the checks that need what is not there say nothing.

    caption: approved, without its time marks. siblings: the clip's questions, itself among them or not. elsewhere:
    questions of other clips from the same source.
    """

    caption: str | None = None
    siblings: tuple[Sibling, ...] = ()
    elsewhere: tuple[Sibling, ...] = ()


NOTHING_AROUND = Around()


def flags_of(item: QAItem, content: dict[str, Any], around: Around) -> list[Flag]:
    asked = asked_of(item, content)
    return item_flags(
        category=asked.category,
        question=asked.question,
        options=asked.options,
        key=asked.key,
        caption=around.caption,
        siblings=[other for other in around.siblings if other.id != asked.id],
        elsewhere=around.elsewhere,
    )
