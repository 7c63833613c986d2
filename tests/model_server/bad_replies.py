"""Replies with status 200 that arrive whole and are still no draft (L-03), by name.

`expected` is the code that a job must fail with:

- `not_json`: the body cannot be read, or is not a message;
- `too_large`: reading it to its end would cost too much memory;
- `stop_reason`: a message whose end was not a natural one, however good its text;
- `malformed`: a message that ended well, whose text is not what was asked for.
"""

import copy
import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.model_server.replies import Json, good_reply, message, text_block

MEGABYTE = 1 << 20
BOMB_BYTES = 64 * MEGABYTE


@dataclass(frozen=True)
class Raw:
    """A body as it is sent. usage: what the message in it says, None where it holds none."""

    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    usage: Json | None = None


class Asked:
    """A request, and the ways to answer it. request: slim. payload: what a good reply would hold."""

    def __init__(self, request: Json, *, number: int, cached: set[str]) -> None:
        self.request = request
        self.number = number
        self.cached = cached
        self.payload: Any = good_reply(request)
        self.text = self.payload if isinstance(self.payload, str) else json.dumps(self.payload)

    def message(self, *content: Json, stop_reason: str | None = "end_turn", **more: Any) -> Raw:
        body = message(self.request, [*content], number=self.number, cached=self.cached, stop_reason=stop_reason)
        return Raw(json.dumps({**body, **more}).encode(), usage=body["usage"])

    def says(self, text: str, stop_reason: str | None = "end_turn", **more: Any) -> Raw:
        return self.message(text_block(text), stop_reason=stop_reason, **more)

    def without(self, *names: str) -> Raw:
        """A good message that lacks some of its fields."""
        body = json.loads(self.says(self.text).body)
        return Raw(json.dumps({name: value for name, value in body.items() if name not in names}).encode())


Build = Callable[[Asked], Raw]
Change = Callable[[Any], object]


@dataclass(frozen=True)
class BadReply:
    """applies_to: `caption`, `qa` or `both`, by what was asked for."""

    name: str
    applies_to: str
    expected: str
    build: Build

    def suits(self, kind: str) -> bool:
        return self.applies_to in {"both", kind}


def _body(body: bytes, content_type: str = "application/json") -> Build:
    return lambda _asked: Raw(body, content_type)


def _events(asked: Asked) -> Raw:
    """The first events of a stream that nobody asked for."""
    start = json.dumps({"type": "message_start", "message": json.loads(asked.says("").body)})
    return Raw(f"event: message_start\ndata: {start}\n\n".encode(), "text/event-stream")


@cache
def _bomb() -> bytes:
    """Grows a thousandfold when it is unpacked; the message inside is a good one, but for its length."""
    head = b'{"type": "message", "content": [{"type": "text", "text": "'
    return gzip.compress(head + b" " * BOMB_BYTES + b'"}], "stop_reason": "end_turn"}', 6)


def _tool(asked: Asked, stop_reason: str) -> Raw:
    use = {"type": "tool_use", "id": "toolu_1", "name": "reply", "input": asked.payload}
    return asked.message(use, stop_reason=stop_reason)


def _thinking(asked: Asked) -> Raw:
    return asked.message({"type": "thinking", "thinking": "Two people stand there.", "signature": "c2lnbmVk"})


_SHARED: dict[str, tuple[str, Build]] = {
    "html": ("not_json", _body(b"<!doctype html><title>Sign in</title><p>Welcome to this network.", "text/html")),
    "empty_body": ("not_json", _body(b"")),
    "other_json": ("not_json", _body(b'{"status": "ok", "queue": 3}')),
    "json_list": ("not_json", _body(b"[]")),
    "json_null": ("not_json", _body(b"null")),
    "error_with_200": ("not_json", _body(b'{"type": "error", "error": {"type": "api_error", "message": "Oh."}}')),
    "nested_body": ("not_json", _body(b"[" * 10_000 + b"]" * 10_000)),
    "not_utf8": ("not_json", lambda asked: Raw(asked.says(asked.text).body.replace(b"assistant", b"assist\xff\xfe"))),
    "cut_message": ("not_json", lambda asked: Raw(asked.says(asked.text).body[:-40])),
    "event_stream": ("not_json", _events),
    "no_usage": ("not_json", lambda asked: asked.without("usage")),
    "no_content": ("not_json", lambda asked: asked.without("content")),
    "ten_megabytes": ("too_large", lambda asked: asked.says("word " * (2 * MEGABYTE))),
    "gzip_bomb": ("too_large", lambda _asked: Raw(_bomb(), headers={"content-encoding": "gzip"})),
    "cut_at_max_tokens": ("stop_reason", lambda asked: asked.says(asked.text[: len(asked.text) // 2], "max_tokens")),
    "whole_at_max_tokens": ("stop_reason", lambda asked: asked.says(asked.text, "max_tokens")),
    "refusal": ("stop_reason", lambda asked: asked.message(stop_reason="refusal")),
    "refusal_in_words": ("stop_reason", lambda asked: asked.says("I cannot help with that.", "refusal")),
    "pause_turn": ("stop_reason", lambda asked: asked.says(asked.text, "pause_turn")),
    "context_window": ("stop_reason", lambda asked: asked.says(asked.text, "model_context_window_exceeded")),
    "stop_sequence": ("stop_reason", lambda asked: asked.says(asked.text, "stop_sequence", stop_sequence="\n\n")),
    "unknown_stop": ("stop_reason", lambda asked: asked.says(asked.text, "tired")),
    "no_stop": ("stop_reason", lambda asked: asked.says(asked.text, None)),
    "tool_use": ("stop_reason", lambda asked: _tool(asked, "tool_use")),
    "tool_use_at_end": ("malformed", lambda asked: _tool(asked, "end_turn")),
    "empty_content": ("malformed", lambda asked: asked.message()),
    "empty_text": ("malformed", lambda asked: asked.says("")),
    "thinking_only": ("malformed", _thinking),
    "two_texts": ("malformed", lambda asked: asked.message(text_block(asked.text), text_block(asked.text))),
    "cut_at_end_turn": ("malformed", lambda asked: asked.says(asked.text[: len(asked.text) // 2])),
    "fenced": ("malformed", lambda asked: asked.says(f"```json\n{asked.text}\n```")),
    "prose_around": ("malformed", lambda asked: asked.says(f"Here it is:\n\n{asked.text}\n\nShall I go on?")),
    "python_literal": ("malformed", lambda asked: asked.says(repr(asked.payload))),
    "in_a_list": ("malformed", lambda asked: asked.says(json.dumps([asked.payload]))),
    "in_a_string": ("malformed", lambda asked: asked.says(json.dumps(asked.text))),
    "empty_object": ("malformed", lambda asked: asked.says("{}")),
    "nested": ("malformed", lambda asked: asked.says("[" * 10_000 + "]" * 10_000)),
    "duplicate_keys": ("malformed", lambda asked: asked.says(asked.text[:-1] + ", " + asked.text[1:])),
}


def _first(list_of: str, **values: Any) -> Change:
    """Sets fields of the first entry of a list."""
    return lambda payload: payload[list_of][0].update(values)


def _lose(list_of: str, field_name: str) -> Change:
    return lambda payload: payload[list_of][0].pop(field_name)


def _many(list_of: str) -> Change:
    return lambda payload: payload.update({list_of: payload[list_of][:1] * 1000})


def _top(**values: Any) -> Change:
    return lambda payload: payload.update(values)


def _options(payload: Any, *options: Any) -> None:
    payload["questions"][0]["options"] = [*options]


_CAPTIONS: dict[str, Change] = {
    "no_people": _top(people=[]),
    "thousand_people": _many("people"),
    "people_missing": lambda payload: payload.pop("people"),
    "people_as_text": _top(people="a man and a woman"),
    "attributes_missing": _lose("people", "attributes"),
    "name_empty": _first("people", name=""),
    "person_with_more": _first("people", age=41),
    "person_with_nul": _first("people", name="man in the \0 shirt"),
    "person_with_surrogate": _first("people", name="man in the \ud800 shirt"),
    "no_events": _top(events=[]),
    "thousand_events": _many("events"),
    "caption_with_more": _top(confidence=0.9),
    "what_missing": _lose("events", "what"),
    "what_as_number": _first("events", what=7),
    "start_past_end": _first("events", start_s=1_000_000),
    "start_negative": _first("events", start_s=-1),
    "start_nan": _first("events", start_s=math.nan),
    "start_infinite": _first("events", start_s=math.inf),
    "start_bool": _first("events", start_s=True),
    "start_as_text": _first("events", start_s="00:01.0"),
    "start_null": _first("events", start_s=None),
}

_QUESTIONS: dict[str, Change] = {
    "no_questions": _top(questions=[]),
    "thousand_questions": _many("questions"),
    "questions_as_object": lambda payload: payload.update(questions=payload["questions"][0]),
    "reply_with_more": _top(comment="easy"),
    "question_missing": _lose("questions", "question"),
    "question_empty": _first("questions", question=""),
    "question_as_list": _first("questions", question=["What?"]),
    "question_with_more": _first("questions", difficulty="hard"),
    "question_with_nul": _first("questions", question="What does the man\0 do?"),
    "question_with_surrogate": _first("questions", question="What does the \udfff man do?"),
    "options_missing": _lose("questions", "options"),
    "options_1": lambda payload: _options(payload, "Once"),
    "options_3": lambda payload: _options(payload, "Once", "Twice", "Three times"),
    "options_9": lambda payload: _options(payload, *(f"{number} times" for number in range(2, 11))),
    "options_duplicate": lambda payload: _options(payload, "Once", "Twice", "Once", "Four times"),
    "options_numbers": lambda payload: _options(payload, 1, 2, 3, 4),
    "options_empty_text": lambda payload: _options(payload, "Once", "", "Three times", "Four times"),
    "answer_missing": _lose("questions", "answer_index"),
    "answer_past_end": _first("questions", answer_index=4),
    "answer_negative": _first("questions", answer_index=-1),
    "answer_bool": _first("questions", answer_index=True),
    "answer_as_text": _first("questions", answer_index="B"),
    "answer_as_fraction": _first("questions", answer_index=1.5),
    "answer_nan": _first("questions", answer_index=math.nan),
    "evidence_missing": _lose("questions", "evidence"),
    "evidence_as_text": _first("questions", evidence="There are two people."),
}


def _changed(change: Change) -> Build:
    def build(asked: Asked) -> Raw:
        payload = copy.deepcopy(asked.payload)
        change(payload)
        return asked.says(json.dumps(payload))

    return build


BAD_REPLIES: dict[str, BadReply] = {
    **{name: BadReply(name, "both", expected, build) for name, (expected, build) in _SHARED.items()},
    **{name: BadReply(name, "caption", "malformed", _changed(change)) for name, change in _CAPTIONS.items()},
    **{name: BadReply(name, "qa", "malformed", _changed(change)) for name, change in _QUESTIONS.items()},
}


def bad_replies_for(kind: str) -> list[str]:
    """The names of those that apply to a `caption` or to `qa`."""
    return [name for name, reply in BAD_REPLIES.items() if reply.suits(kind)]
