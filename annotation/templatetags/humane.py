"""Numbers and kinds of jobs in words."""

from django import template

from annotation.intervals import Share
from annotation.services.ledger import kind_words

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """12345 is `12,345`."""
    return f"{number:,}"


@register.filter
def counted(cell: str | float) -> str:
    """A cell of a table: 12345 is `12,345`, 0.5 is `0.5`; words as they are."""
    return cell if isinstance(cell, str) else f"{cell:,}"


@register.filter
def job_kind(kind: str) -> str:
    """`qa:count` is `Count`: what stands after the colon of a job's kind, for people."""
    return kind_words(kind).rpartition(": ")[2]


@register.filter
def percent(share: Share) -> str:
    """9 of 11 is `82 %`; a dash of nothing. A share that is not whole is never rounded to 0 or 100."""
    if share.share is None:
        return "–"
    rounded = round(share.share * 100)
    if rounded in (0, 100) and 0 < share.hits < share.of:
        rounded = 1 if rounded == 0 else 99
    return f"{rounded} %"


@register.filter
def interval(share: Share) -> str:
    """9 of 11 is `52–95 %`; nothing of nothing."""
    ends = share.interval
    return f"{ends[0] * 100:.0f}–{ends[1] * 100:.0f} %" if ends else ""


@register.filter
def coefficient(value: float | None) -> str:
    """0.7434 is `0.74`, -0.5 is `−0.50`; nothing for None."""
    return "" if value is None else f"{value:.2f}".replace("-", "−")


@register.filter
def minutes(ms: float | None) -> str:
    """690,000 ms are `11.5 min`; a dash for None."""
    return "–" if ms is None else f"{ms / 60_000:.1f} min"
