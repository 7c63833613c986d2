"""The types of the columns, said once: none is guessed from the first lines."""

from datasets import Features, Sequence, Value

_TEXT = Value("string")
_TEXTS = ("id", "video_id", "video", "category", "question", "answer", "answer_text", "caption", "split")
_OTHER_NAMES = ("videoID", "video_name", "question_id", "task_type")
_SHUFFLES = (1, 2, 3)

FEATURES = Features(
    {
        **dict.fromkeys((*_TEXTS, *_OTHER_NAMES), _TEXT),
        **dict.fromkeys(("answer_index", "answer_id"), Value("int64")),
        **dict.fromkeys(("options", "candidates", *(f"options_shuffled_{n}" for n in _SHUFFLES)), Sequence(_TEXT)),
        **dict.fromkeys((f"answer_shuffled_{n}" for n in _SHUFFLES), _TEXT),
        "duration": Value("float64"),
    }
)
