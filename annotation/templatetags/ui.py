"""Small pieces that every template uses: icons, state badges, times, caption prose."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from annotation.caption_format import format_mark, segments
from annotation.states import ClipStatus, State

register = template.Library()

_SHAPES: dict[str, str] = {
    State.WAITING: "st-waiting",
    State.DRAFTED: "st-drafted",
    State.EDITING: "st-editing",
    State.IN_REVIEW: "eye",
    State.DISPUTED: "st-disputed",
    State.APPROVED: "st-approved",
    State.DROPPED: "cross",
    ClipStatus.EXCLUDED: "st-failed",
    ClipStatus.WITHDRAWN: "cross",
}


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A symbol of the sprite, hidden from screen readers: the words beside it speak. size: "" or "lg"."""
    extra = f" icon-{size}" if size else ""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>', extra, static("img/icons.svg"), name
    )


@register.filter
def words(text: str) -> list[str]:
    """For a loop over names that the template itself knows."""
    return text.split()


@register.simple_tag
def component(name: str) -> str:
    """The address of a component's stylesheet."""
    return static(f"css/components/{name}.css")


@register.simple_tag
def badge(state: str) -> SafeString:
    """A state as a shape, a word and a colour."""
    label = State(state).label if state in State.values else ClipStatus(state).label
    return format_html('<span class="badge state-{}">{}{}</span>', state, icon(_SHAPES.get(state, "info")), label)


@register.filter
def timecode(ms: int | None) -> str:
    """3,450 ms is `00:03.4`; nothing for None."""
    return "" if ms is None else format_mark(ms).strip("[]")


@register.filter
def in_seconds(ms: int) -> float:
    """3,450 ms is 3.45, for scripts."""
    return ms / 1000


@register.filter
def seconds(ms: int | None) -> str:
    """7,667 ms is `7.7 s`."""
    return "" if ms is None else f"{ms / 1000:.1f} s"


@register.filter
def usd(micro_usd: int | None) -> str:
    """15,300 micro-dollars are `$0.0153`, 12,000,000 are `$12.00`; nothing for None."""
    if micro_usd is None:
        return ""
    return f"${micro_usd / 1_000_000:,.2f}" if micro_usd >= 1_000_000 else f"${micro_usd / 1_000_000:.4f}"


@register.filter
def caption_prose(text: str) -> SafeString:
    """A caption to read: its marks are chips that seek the clip beside it."""
    return format_html_join(
        " ",
        "{}",
        (
            (
                format_html(
                    '<a class="chip" href="#clip" data-seek="{}">{}</a> <span class="sent" data-start="{}">{}</span>',
                    segment.start_ms / 1000,
                    timecode(segment.start_ms),
                    segment.start_ms / 1000,
                    segment.text,
                )
                if segment.start_ms is not None
                else format_html('<span class="sent">{}</span>', segment.text),
            )
            for segment in segments(text)
        ),
    )
