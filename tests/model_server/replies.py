"""What a well-behaved model replies, and what it is billed for: pure functions of the request.

Nothing here is random or looks at a clock. A test can therefore add up the money of any set of calls by itself:

- A text is `ceil(characters / 4)` tokens, an image `ceil(width × height / 750)`, one whose size cannot be read 200.
- The input of a request is the sum over the blocks of its tools, `system` and `messages`; the schema costs nothing.
- A block with `cache_control` ends a prefix of the input. The longest prefix that an earlier request to the same model
  had is read from the cache, the rest up to the last such block is written to it, and what follows is plain input:
  input_tokens + cache_creation_input_tokens + cache_read_input_tokens = all tokens of the input. No minimum length.
- The output is the text of the reply (and the input of its tools, as JSON), at least 1 token, at most `max_tokens`.
"""

import base64
import binascii
import copy
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

UNREADABLE_IMAGE_TOKENS = 200
_MARK = re.compile(r"\[\d{2,}:[0-5]\d\.\d\] ?")
_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)
_COLOURS = ("red", "blue", "green", "yellow", "white", "black", "grey", "brown", "orange", "purple", "pink", "beige")

GOOD_CAPTION: Json = {
    "people": [
        {
            "name": "bald man in the brown T-shirt",
            "attributes": "a short beard, a brown T-shirt, black shorts and dark trainers",
        },
        {
            "name": "woman in the green T-shirt",
            "attributes": "long reddish hair tied back, a green T-shirt and grey trousers",
        },
    ],
    "events": [
        {
            "start_s": 0,
            "who": "The bald man in the brown T-shirt",
            "what": "spreads both arms out to the sides and jumps into a wide stance",
        },
        {
            "start_s": 0.4,
            "who": "The woman in the green T-shirt",
            "what": "walks to the left across the grass",
        },
        {
            "start_s": 0.8,
            "who": "The bald man in the brown T-shirt and the woman in the green T-shirt",
            "what": "shake hands with their right hands",
        },
    ],
}

_QUESTIONS: dict[str, tuple[str, list[str]]] = {
    "interaction": (
        "What does the man in the {colour} shirt do to the woman beside him?",
        ["Pats her on the left shoulder", "Hands her a cup", "Pulls her by the sleeve", "Points at her shoes"],
    ),
    "action_details": (
        "What does the man in the {colour} shirt do with his right hand?",
        ["Raises it to head height", "Puts it in his pocket", "Rests it on his hip", "Holds it behind his back"],
    ),
    "action_sequence": (
        "What does the man in the {colour} shirt do immediately after raising his right hand?",
        ["He waves it twice", "He sits down", "He turns to the left", "He bends his knees"],
    ),
    "count": (
        "How many times does the man in the {colour} shirt clap his hands?",
        ["Once", "Twice", "Three times", "Four times"],
    ),
    "attribute": (
        "What color is the cap worn by the man in the {colour} shirt?",
        ["Maroon", "Turquoise", "Navy blue", "Silver"],
    ),
}


def kind_of(request: Json) -> str:
    """`caption`, `qa` or `text`, by the schema that the reply must follow."""
    form = (request.get("output_config") or {}).get("format") or {}
    asked = (form.get("schema") or {}).get("properties") or {}
    return "caption" if "events" in asked else "qa" if "questions" in asked else "text"


def texts_of(request: Json) -> list[str]:
    """The text blocks of the messages, in their order."""
    return [
        block["text"]
        for message in request.get("messages", [])
        for block in _as_blocks(message.get("content"))
        if block.get("type") == "text"
    ]


def data_block(request: Json) -> Json:
    """The JSON object with the key `category` in the last text that holds one, or an empty one."""
    decoder = json.JSONDecoder()
    for text in reversed(texts_of(request)):
        for place in (match.start() for match in re.finditer(r"\{", text)):
            try:
                found, _ = decoder.raw_decode(text, place)
            except ValueError:
                continue
            if isinstance(found, dict) and "category" in found:
                return found
    return {}


def good_reply(request: Json) -> Json | str:
    """What was asked for: the people and events, the wanted number of questions (at most 12), or a sentence."""
    kind = kind_of(request)
    if kind == "caption":
        return copy.deepcopy(GOOD_CAPTION)
    if kind == "qa":
        data = data_block(request)
        wanted = data.get("wanted") if isinstance(data.get("wanted"), int) else 1
        return {"questions": _questions(str(data.get("category")), str(data.get("caption", "")), wanted or 1)}
    return "Two people shake hands."


def _questions(category: str, caption: str, wanted: int) -> list[Json]:
    stem, options = _QUESTIONS.get(category.lower().replace(" ", "_"), _QUESTIONS["attribute"])
    plain = _MARK.sub("", caption).strip()
    first = _SENTENCE.match(plain)
    evidence = [first.group() if first else plain] if plain else []
    return [
        {
            "question": stem.format(colour=colour),
            "options": list(options),
            "answer_index": number % 4,
            "evidence": evidence,
        }
        for number, colour in enumerate(_COLOURS[:wanted])
    ]


def slim(request: Json) -> Json:
    """The request with the data of every image replaced by `{sha256, bytes, width, height}` of the decoded image.

    What is slim already stays as it is. Width and height are null where the data do not say them.
    """
    messages = request.get("messages")
    return {**request, "messages": [_slim_message(one) for one in messages]} if isinstance(messages, list) else request


def _slim_message(one: Any) -> Any:
    content = one.get("content") if isinstance(one, dict) else None
    return {**one, "content": [_slim_block(block) for block in content]} if isinstance(content, list) else one


def _slim_block(block: Any) -> Any:
    source = block.get("source") if isinstance(block, dict) else None
    if not isinstance(source, dict) or not isinstance(source.get("data"), str):
        return block
    try:
        image = base64.b64decode(source["data"])
    except binascii.Error:
        image = source["data"].encode()
    width, height = image_size(image) or (None, None)
    rest = {name: value for name, value in source.items() if name != "data"}
    about = {"sha256": hashlib.sha256(image).hexdigest(), "bytes": len(image), "width": width, "height": height}
    return {**block, "source": {**rest, **about}}


def image_size(image: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG or PNG names in its head."""
    if image.startswith(b"\x89PNG") and len(image) >= 24:
        return int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")
    place = 2
    while image.startswith(b"\xff\xd8") and place + 9 <= len(image) and image[place] == 0xFF:
        marker = image[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(image[place + 7 : place + 9], "big"), int.from_bytes(
                image[place + 5 : place + 7], "big"
            )
        place += 2 + int.from_bytes(image[place + 2 : place + 4], "big")
    return None


def text_tokens(text: str) -> int:
    return -(-len(text) // 4)


def image_tokens(source: Json) -> int:
    """Of the source of a slim image block."""
    if not source.get("width") or not source.get("height"):
        return UNREADABLE_IMAGE_TOKENS
    return int(-(-source["width"] * source["height"] // 750))


def block_tokens(block: Json) -> int:
    if block.get("type") == "text":
        return text_tokens(block.get("text", ""))
    if block.get("type") == "image":
        return image_tokens(block.get("source") or {})
    return text_tokens(json.dumps({name: value for name, value in block.items() if name != "cache_control"}))


def input_tokens(request: Json) -> int:
    """All of them, however they are billed."""
    return sum(block_tokens(block) for block in _input_blocks(slim(request)))


def output_tokens(content: list[Json], max_tokens: int) -> int:
    words = "".join(
        json.dumps(block["input"]) if "input" in block else block.get("text") or block.get("thinking") or ""
        for block in content
    )
    return max(1, min(text_tokens(words), max_tokens))


def usage_of(request: Json, content: list[Json], *, cached: set[str], service_tier: str = "standard") -> Json:
    """The `usage` of a reply with this content; see the top of this file.

    request: slim or not. cached: the prefixes that were seen before; those of this request are added.
    """
    written = {"5m": 0, "1h": 0}
    total = read = ended = 0
    prefix = hashlib.sha256(str(request.get("model")).encode())
    fresh: set[str] = set()
    for block in _input_blocks(slim(request)):
        total += block_tokens(block)
        prefix.update(json.dumps({**block, "cache_control": None}, sort_keys=True).encode())
        if not block.get("cache_control"):
            continue
        if prefix.hexdigest() in cached:
            read, written = total, {"5m": 0, "1h": 0}
        else:
            written[block["cache_control"].get("ttl", "5m")] += total - ended
        ended = total
        fresh.add(prefix.hexdigest())
    cached |= fresh
    return {
        "input_tokens": total - ended,
        "cache_creation_input_tokens": sum(written.values()),
        "cache_creation": {
            "ephemeral_5m_input_tokens": written["5m"],
            "ephemeral_1h_input_tokens": written["1h"],
        },
        "cache_read_input_tokens": read,
        "output_tokens": output_tokens(content, request.get("max_tokens", 1 << 62)),
        "service_tier": service_tier,
    }


def _input_blocks(request: Json) -> Iterator[Json]:
    """In the order in which prefixes are cached."""
    blocks = [
        *(request.get("tools") or []),
        *_as_blocks(request.get("system")),
        *(block for message in request.get("messages") or [] for block in _as_blocks(message.get("content"))),
    ]
    if request.get("cache_control") and blocks:
        blocks[-1] = {**blocks[-1], "cache_control": request["cache_control"]}
    return iter(blocks)


def _as_blocks(content: Any) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content or [] if isinstance(block, dict)]


def text_block(text: str) -> Json:
    return {"type": "text", "text": text}


def message(
    request: Json,
    content: list[Json],
    *,
    number: int,
    cached: set[str],
    stop_reason: str | None = "end_turn",
    service_tier: str = "standard",
) -> Json:
    """The body of a reply with status 200."""
    return {
        "id": f"msg_{number:08d}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage_of(request, content, cached=cached, service_tier=service_tier),
    }


def good_message(request: Json, *, number: int, cached: set[str], service_tier: str = "standard") -> Json:
    """A natural end, and a text that is what was asked for."""
    reply = good_reply(request)
    text = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
    return message(request, [text_block(text)], number=number, cached=cached, service_tier=service_tier)
