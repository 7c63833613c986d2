"""What people write beside a caption, to read."""

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from annotation.caption_format import MARK, mark_ms

register = template.Library()

_TIME = re.compile(rf"{MARK.pattern}|(?<![\w:.])\d{{2,4}}:[0-5]\d\.\d(?!\d|[:.]\d)")


@register.filter
def note_prose(text: str) -> SafeString:
    """A note in which every time, `[00:03.4]` or `00:03.4`, is a chip that seeks the clip. Line ends stay."""
    return format_html_join("", "{}", ((piece,) for piece in _pieces(text)))


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    place = 0
    for time in _TIME.finditer(text):
        said = time.group().strip("[]")
        pieces.append(text[place : time.start()])
        pieces.append(
            format_html('<a class="chip chip-sm" href="#clip" data-seek="{}">{}</a>', _milliseconds(said) / 1000, said)
        )
        place = time.end()
    return [*pieces, text[place:]]


def _milliseconds(said: str) -> int:
    mark = MARK.fullmatch(f"[{said}]")
    return mark_ms(mark) if mark else 0
