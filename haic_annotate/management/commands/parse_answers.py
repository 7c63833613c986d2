"""`manage parse_answers FILE`: the letter that each reply in a file settles on. Needs no database."""

from typing import Any

from annotation.text import checked_text
from haic_annotate.line_commands import MOST_CHARACTERS, LineCommand, LineRefused, checked_id
from qa.answers import parse_answer

OPTIONS = range(2, 27)


class Command(LineCommand):
    help = (
        "Read models' replies to multiple-choice questions, one JSON object a line: {id, options, reply}; options are"
        ' their texts in the order of the letters. Writes one line {"id", "letter"} for each, in order; the letter is'
        " null where the reply settles on none. Further keys are ignored."
    )

    def answer(self, value: dict[str, Any]) -> Any:
        name = checked_id(value)
        options = _options(value.get("options"))
        reply = checked_text(value.get("reply"), field="reply", most=MOST_CHARACTERS)
        return {"id": name, "letter": parse_answer(reply, options)}


def _options(options: object) -> list[str]:
    if not isinstance(options, list):
        raise LineRefused("options: must be a list of texts")
    if len(options) not in OPTIONS:
        raise LineRefused(f"options: must be {OPTIONS.start} to {OPTIONS.stop - 1} texts")
    return [checked_text(option, field="options", most=MOST_CHARACTERS) for option in options]
