"""The format `vlmevalkit`: a prediction file of VLMEvalKit, .tsv or .json (PRED_FORMAT), on our tables.

Rows are known by `question_id`, never by `index`: that is a place in one export. `question` and `candidates` tell what
was asked, in the published order even where another was shown.
"""

from pathlib import Path
from typing import Any

from annotation.strict_json import NotJSON, read_json
from qa.evaluation.importers._shape import Prediction, Values, document, lettered, name_in, opened, reply_in, rows_of
from qa.evaluation.importers._start import Start
from qa.evaluation.importers._table import table

NAME = "vlmevalkit"
TITLE = "VLMEvalKit"
RECORD = Prediction
TELLS_ORDER = False
COLUMNS = ("question_id", "prediction")


def recognises(start: Start) -> bool:
    return {"index", "prediction"} <= (start.names if start.is_list else start.columns)


def values(path: Path) -> Values:
    with opened(path) as file:
        is_json = file.read(200).lstrip().startswith(b"[")
    return rows_of(path, document(path), what="rows") if is_json else table(path, required=COLUMNS)


def record(value: dict[str, Any], line: int) -> Prediction:
    return Prediction(name_in(value, "question_id"), reply_in(value, "prediction"), line, _shown(value))


def _shown(value: dict[str, Any]) -> str:
    """Nothing in tables without code: VLMEvalKit reads their texts as numbers and the like, and writes other ones."""
    try:
        options = read_json(str(value.get("candidates", "")).encode())
    except (NotJSON, UnicodeEncodeError):
        return ""
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        return ""
    return f"{value.get('question', '')}\n{lettered(options)}"
