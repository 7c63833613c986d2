"""What may be stored as text: everything people type, byte for byte, but what Postgres cannot hold."""

from annotation.errors import BadInput


def checked_text(value: object, *, field: str, most: int, blank: bool = True) -> str:
    """The text unchanged. Raises BadInput that names the field: no text, too long, a NUL or a lone surrogate."""
    if not isinstance(value, str):
        raise BadInput({field: "must be text"})
    if len(value) > most:
        raise BadInput({field: f"has {len(value):,} characters; at most {most:,} are possible"})
    if "\x00" in value:
        raise BadInput({field: "holds a NUL character"})
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadInput({field: "holds half of a surrogate pair"})
    if not blank and not value.strip():
        raise BadInput({field: "must not be empty"})
    return value
