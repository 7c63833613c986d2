"""Why a caption goes back, or how a dispute over one was settled: codes that people choose."""

from annotation.errors import BadInput

OTHER = "other"
CAPTION_REASONS: dict[str, str] = {
    "missed": "Something that happens is missing",
    "invented": "It tells what does not happen",
    "wrong_person": "The wrong person does it",
    "wrong_detail": "A side, number or attribute is wrong",
    "order": "The order of events is wrong",
    "format": "It is not in the standard format",
    "wording": "The wording is unclear",
    OTHER: "Something else",
}


def checked_code(code: object, reasons: dict[str, str]) -> str:
    """Raises BadInput for what is none of the reasons."""
    if not isinstance(code, str) or code not in reasons:
        raise BadInput({"reason_code": "choose one of the reasons"})
    return code
