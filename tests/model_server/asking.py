"""What the tests of the model server ask it, and a strict judge of what comes back."""

import http.client
import json
import zlib
from typing import Any

import anthropic

from tests.model_server import MESSAGES, ModelServer

CAPTION = "There are two people in the video. [00:00.3] The man waves. [00:02.0] The woman sits down."
DURATION_S = 10
MODEL = "claude-test"
_ENOUGH_BYTES = 1_000_000
_SCHEMAS = {
    "caption": {"type": "object", "properties": {"people": {"type": "array"}, "events": {"type": "array"}}},
    "qa": {"type": "object", "properties": {"questions": {"type": "array"}}},
}


def client_of(base_url: str, **more: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="a secret", base_url=base_url, max_retries=0, **more)


def request(kind: str = "text", *, category: str = "count", wanted: int = 1, **more: Any) -> dict[str, Any]:
    """The arguments of messages.create, which are also the body that it sends."""
    data = json.dumps({"caption": CAPTION, "category": category, "wanted": wanted})
    words = f"Ask about this. {{Only}} the data count:\n{data}" if kind == "qa" else "What happens here?"
    form = {"output_config": {"format": {"type": "json_schema", "schema": _SCHEMAS[kind]}}} if kind in _SCHEMAS else {}
    return {"model": MODEL, "max_tokens": 2000, "messages": [{"role": "user", "content": words}], **form, **more}


def text_of(message: anthropic.types.Message) -> str:
    (block,) = message.content
    assert block.type == "text"
    return block.text


def ask(
    server: ModelServer, body: bytes, *, path: str = MESSAGES, key: bool = True
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and raw body, past the SDK."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", MESSAGES, body, {"x-api-key": "a secret"} if key else {})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def judge(kind: str, headers: dict[str, str], body: bytes) -> str:
    """`good`, or the code of what is wrong with a reply."""
    if headers.get("content-encoding") == "gzip":
        body = zlib.decompressobj(31).decompress(body, _ENOUGH_BYTES + 1)
    if len(body) > _ENOUGH_BYTES:
        return "too_large"
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return "not_json"
    if not isinstance(message, dict) or not {"type", "content", "stop_reason", "usage"} <= message.keys():
        return "not_json"
    if message["stop_reason"] != "end_turn":
        return "stop_reason"
    if [block["type"] for block in message["content"]] != ["text"]:
        return "malformed"
    return "good" if _is_draft(kind, message["content"][0]["text"]) else "malformed"


def _is_draft(kind: str, text: str) -> bool:
    try:
        payload = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
        text.encode()
        json.dumps(payload, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return is_caption(payload) if kind == "caption" else is_questions(payload)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


def _has_exactly(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and value.keys() == set(names)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 20


def is_caption(payload: Any) -> bool:
    return (
        _has_exactly(payload, "people", "events")
        and _is_list(payload["people"])
        and _is_list(payload["events"])
        and all(
            _has_exactly(one, "name", "attributes") and all(map(_is_text, one.values())) for one in payload["people"]
        )
        and all(
            _has_exactly(one, "start_s", "who", "what")
            and _is_text(one["who"])
            and _is_text(one["what"])
            and type(one["start_s"]) in {int, float}
            and 0 <= one["start_s"] <= DURATION_S
            for one in payload["events"]
        )
    )


def is_questions(payload: Any) -> bool:
    return (
        _has_exactly(payload, "questions")
        and _is_list(payload["questions"])
        and all(
            _has_exactly(one, "question", "options", "answer_index", "evidence")
            and _is_text(one["question"])
            and isinstance(one["options"], list)
            and all(map(_is_text, one["options"]))
            and len(one["options"]) == len(set(one["options"])) == 4
            and type(one["answer_index"]) is int
            and 0 <= one["answer_index"] < 4
            and isinstance(one["evidence"], list)
            and all(map(_is_text, one["evidence"]))
            for one in payload["questions"]
        )
    )
