"""Numbers and kinds of jobs in words."""

from django import template

from annotation.services.ledger import kind_words

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """12345 is `12,345`."""
    return f"{number:,}"


@register.filter
def job_kind(kind: str) -> str:
    """`qa:count` is `Count`: what stands after the colon of a job's kind, for people."""
    return kind_words(kind).rpartition(": ")[2]
