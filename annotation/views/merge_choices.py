"""What is chosen on a page that merges: row by row, for a caption and for a question alike."""

from collections.abc import Iterable
from typing import Protocol

from django.http import HttpRequest

from annotation.errors import BadInput
from annotation.merge import Choice

OF_ROWS = ("row-", "own-")


class Row(Protocol):
    @property
    def name(self) -> str: ...


def choices_of(request: HttpRequest) -> dict[str, Choice]:
    """By the names of rows: `row-NAME` is theirs, yours or own, the last with `own-NAME`. Raises BadInput."""
    choices = {}
    for field, value in request.POST.items():
        if not field.startswith("row-"):
            continue
        name = field.removeprefix("row-")
        if value == "theirs":
            choices[name] = Choice("theirs")
        elif value == "yours":
            choices[name] = Choice("yours")
        elif value == "own":
            choices[name] = Choice("own", str(request.POST.get(f"own-{name}", "")).replace("\r\n", "\n"))
        else:
            raise BadInput({field[:100]: "must be theirs, yours or own"})
    return choices


def shown_choices(request: HttpRequest, conflicts: Iterable[Row]) -> dict[str, Choice]:
    """What the page shows as chosen: what was sent, or one side for all (`?take=theirs`). Raises BadInput."""
    if request.method == "POST":
        return choices_of(request)
    take = request.GET.get("take", "")
    if take not in ("", "theirs", "yours"):
        raise BadInput({"take": "must be theirs or yours"})
    every = Choice("theirs") if take == "theirs" else Choice("yours")
    return {row.name: every for row in conflicts} if take else {}


def own_texts(request: HttpRequest) -> list[str]:
    """What was typed as a third text, when the rows that it was typed for are others now."""
    return [str(text) for name, text in request.POST.items() if name.startswith("own-") and str(text).strip()]
