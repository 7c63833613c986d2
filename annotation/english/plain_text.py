"""Texts as a reader sees them: what differs only in how it was typed becomes the same. Pure functions."""

import re
import unicodedata

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("∼〜", "~"),
    }
)


def plain(text: str) -> str:
    """Compatibility forms, quotes and dashes as ASCII has them, nothing invisible, single spaces, none at the ends."""
    shown = "".join(
        character
        for character in unicodedata.normalize("NFKC", text.translate(_ALIKE)).translate(_ALIKE)
        if unicodedata.category(character) != "Cf"
    )
    return " ".join(shown.split())


def unquoted(text: str) -> str:
    """A plain text without quotation marks around the whole."""
    return text.strip(" \"'")


_WRITTEN = re.compile(
    r"""
    \b(?:say(?:s|ing)|reads?|reading|words?|texts?|letters?|numbers?|print(?:ed)?|marked|label(?:l?ed)?|with|sign|logo)
        [ ,:]*(?:"[^"]*"|(?<!\w)'[^']*'(?!\w))
    | (?:"[^"]*"|(?<!\w)'[^']*'(?!\w))
        (?=\s(?:on|t-shirt|tee|shirt|jersey|bib|vest|hoodie|jacket|cap|sign|logo|print|badge|banner|button)\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_written_words(text: str) -> str:
    """A plain text, as long as before, blank where it quotes what can be read (`a shirt that says "Player 1"`)."""
    return _WRITTEN.sub(lambda written: " " * len(written[0]), text)
