"""What the tests of the rules share."""

from annotation.caption_checks import Flag, check_caption

LENGTH_MS = 9_000


def flags(rule: str, caption: str, *, duration_ms: int = LENGTH_MS) -> list[Flag]:
    """The flags of one rule."""
    return [flag for flag in check_caption(caption, duration_ms=duration_ms) if flag.rule == rule]


def underlined(rule: str, caption: str, *, duration_ms: int = LENGTH_MS) -> list[str]:
    """The words that the flags of one rule stand at."""
    return [caption[flag.start : flag.end] for flag in flags(rule, caption, duration_ms=duration_ms)]
