"""Why a question goes back, is dropped, or how a dispute over one was settled: codes that people choose."""

from annotation.reason_codes import OTHER

QUESTION_REASONS: dict[str, str] = {
    "key_wrong": "The key is wrong",
    "more_than_one": "More than one option is right",
    "not_visible": "The clip does not show the answer",
    "without_video": "It can be answered without the video",
    "duplicate": "It asks what another question asks",
    "wording": "The wording breaks the guideline",
    OTHER: "Something else",
}
