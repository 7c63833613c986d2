"""Whether a description of a video speaks of what people do. Pure functions; loads no words before the first call."""

from annotation.accumulation.descriptions import english, inflected, unspaced
from annotation.accumulation.descriptions.languages import language_of
from annotation.accumulation.descriptions.writing import MOST_CHARACTERS, lines


def action_verbs(text: str) -> list[str]:
    """Lemmas that name an act of a human body, in the order of the text; [] if none.

    Chinese, Japanese and Korean words come as they stand; a light verb comes with its noun, "do push-ups".
    """
    text = text[:MOST_CHARACTERS]
    language = language_of(text)
    if language in {"zh", "ja", "ko"}:
        return unspaced.acts_in_text(text, language)
    if language != "en":
        return inflected.acts_in_text(text, language)
    found: list[str] = []
    for line in lines(text):
        found += english.acts_in_line(line)
    return found
