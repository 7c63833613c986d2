"""What the one who answers is shown in each setting, and in which order the options stand. Pure functions."""

import hashlib
from dataclasses import dataclass
from typing import Any

from annotation.canonical import canonical_json
from qa.models import Setting
from qa.releases.content import LETTERS

NONE = "none"
NONE_OF_THESE = "None of these"

SEES_FRAMES = (Setting.STANDARD, Setting.SINGLE_FRAME, Setting.SHUFFLED, Setting.NONE_OF_THESE)
FROM_CAPTION = (Setting.CAPTION, Setting.HUMAN_CAPTIONS, Setting.DRAFT_CAPTION)
"""A judge answers, from a caption alone."""
CAPTIONS_OF = {Setting.HUMAN_CAPTIONS: "Human annotated captions", Setting.DRAFT_CAPTION: "Drafted captions"}
"""Who wrote the captions, where that is not the model under test: what a row is called."""

DEFINITIONS: dict[str, str] = {
    Setting.STANDARD: "The model sees the frames, the question and the four options.",
    Setting.CAPTION: "The model describes the clip; one judge answers every question from that text alone.",
    Setting.HUMAN_CAPTIONS: "The judge answers from the approved captions: what they can carry.",
    Setting.BLIND: "Question and options only: what needs no video.",
    Setting.DRAFT_CAPTION: "The judge answers from the caption as a model drafted it, before people corrected it.",
    Setting.SINGLE_FRAME: "As the standard setting, with the middle frame alone.",
    Setting.SHUFFLED: "As the standard setting, with the options in another order.",
    Setting.NONE_OF_THESE: "As the standard setting; “None of these” stands in the place of the key.",
}

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
DESCRIPTION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"caption": {"type": "string"}},
    "required": ["caption"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Shown:
    """order: ids of the options, `NONE` for “None of these”. key_index: where the right one stands."""

    order: list[str]
    key_index: int


def prompt_name(setting: str) -> str:
    if setting in FROM_CAPTION:
        return "answer_caption"
    return "answer_blind" if setting == Setting.BLIND else "answer_video"


def shown(*, setting: str, question_id: str, published: list[str], key_index: int, try_number: int) -> Shown:
    """published: ids of the options in the order of the release, in which `key_index` counts.

    Shuffled: another order than the published one, by sha256 over question, try and option: the same on every machine.
    """
    if setting == Setting.NONE_OF_THESE:
        return Shown([NONE if place == key_index else one for place, one in enumerate(published)], key_index)
    if setting == Setting.SHUFFLED:
        order = sorted(published, key=lambda one: _place(question_id, try_number, one))
        if order == published:
            order = [*published[1:], published[0]]
        return Shown(order, order.index(published[key_index]))
    return Shown(published, key_index)


def _place(question_id: str, try_number: int, option: str) -> bytes:
    return hashlib.sha256(canonical_json([question_id, try_number, option])).digest()


def texts_of(order: list[str], content: dict[str, Any]) -> list[str]:
    """The texts of the options in the order in which they are shown. content: of a question's revision."""
    by_id = {option["id"]: option["text"] for option in content["options"]} | {NONE: NONE_OF_THESE}
    return [by_id[one] for one in order]


def data_block(*, content: dict[str, Any], order: list[str], caption: str | None) -> str:
    """The only place for words that we did not write: one JSON object, so that no text can leave its string."""
    options = dict(zip(LETTERS, texts_of(order, content), strict=True))
    block: dict[str, Any] = {"question": content["question"], "options": options}
    if caption is not None:
        block["caption"] = caption
    return canonical_json(block).decode()
