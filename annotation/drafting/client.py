"""The model, behind one function. The only import of the vendor's library, and only when something is sent.

One call is one HTTP request: nothing is retried, redirected or slept on here. What comes back is kept byte for byte
before anybody tries to understand it.
"""

import base64
import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings

from annotation.drafting.frames import Frame, image_tokens, jpeg_size, text_tokens
from annotation.drafting.prices import Usage
from annotation.errors import DomainError
from annotation.strict_json import NotJSON, read_json

MOST_REPLY_BYTES = 1024 * 1024
CONNECT_SECONDS = 5
NATURAL_END = "end_turn"
SPEND_LIMITS = ("enforced_spend_limit_reached", "contract_spend_limit_reached")
LEAST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 900.0
SHORTEST_KEY = 8
"""A shorter one hides nothing, and its letters stand in every word."""


def without_key(said: str) -> str:
    """What a server said, without our key, should it ever say that."""
    key = settings.ANTHROPIC_API_KEY
    return said.replace(key, "(the key)") if len(key) >= SHORTEST_KEY else said


def raw_without_key(raw: bytes) -> bytes:
    """The bytes as they are, but for the key: latin-1 gives each byte back."""
    return without_key(raw.decode("latin-1")).encode("latin-1")


class CallFailed(DomainError):
    """A call without a usable reply. `exchange` holds what came back, if anything did."""

    def __init__(self, message: str, exchange: "Exchange") -> None:
        super().__init__(without_key(message))
        self.exchange = exchange


class Unavailable(CallFailed):
    """Worth another try later. retry_after_s: how long the server asked to be left alone, within bounds, or None.

    is_rate_limit: it is well, we ask too much.
    """

    code = "unavailable"

    def __init__(
        self, message: str, exchange: "Exchange", *, retry_after_s: float | None = None, is_rate_limit: bool = False
    ) -> None:
        super().__init__(message, exchange)
        self.retry_after_s = retry_after_s
        self.is_rate_limit = is_rate_limit


class Refusing(CallFailed):
    """It will refuse everything until a person does something: key, money, model, address."""

    code = "refusing"


class OutcomeUnknown(CallFailed):
    """It was sent; whether it was done, and is billed, nobody knows."""

    code = "unknown"


class Unusable(CallFailed):
    """An answer, but none that can become a draft. `code`: not_json, stop_reason, malformed, too_large, bad_request."""

    def __init__(self, code: str, message: str, exchange: "Exchange") -> None:
        super().__init__(message, exchange)
        self.code = code


@dataclass(frozen=True)
class ModelRequest:
    """What is asked. instructions: the prompt, cached there; data: JSON text, the only place for untrusted words.

    sent: what of the clip's context is in the data; a draft records it.
    """

    model: str
    instructions: str
    data: str
    schema: dict[str, Any]
    max_tokens: int
    frames: tuple[Frame, ...] = ()
    sent: dict[str, bool] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As the Messages API takes it. Each frame comes after its time."""
        content: list[dict[str, Any]] = []
        for frame in self.frames:
            content.append({"type": "text", "text": f"Frame at {frame.ms / 1000:.2f} s:"})
            picture = base64.standard_b64encode(frame.jpeg).decode()
            source = {"type": "base64", "media_type": "image/jpeg", "data": picture}
            content.append({"type": "image", "source": source})
        content.append({"type": "text", "text": self.data})
        return {**self._head(), "messages": [{"role": "user", "content": content}]}

    def journal(self) -> dict[str, Any]:
        """The body with each picture as its digest and size: what was sent can be proved, and stays small."""
        pictures = [
            {"ms": frame.ms, "bytes": len(frame.jpeg), "sha256": hashlib.sha256(frame.jpeg).hexdigest()}
            for frame in self.frames
        ]
        return {**self._head(), "frames": pictures, "data": self.data, "sent": self.sent}

    def estimated_input_tokens(self) -> int:
        """More rather than less: the reservation stands on it."""
        pictures = sum(image_tokens(*jpeg_size(frame.jpeg)) + 12 for frame in self.frames)
        return text_tokens(self.instructions) + text_tokens(self.data) + text_tokens(str(self.schema)) + pictures + 50

    def _head(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system": [{"type": "text", "text": self.instructions, "cache_control": {"type": "ephemeral"}}],
            "output_config": {"format": {"type": "json_schema", "schema": self.schema}},
        }


@dataclass
class Exchange:
    """What is known of a call once it is over. raw: at most MOST_REPLY_BYTES of the body."""

    raw: bytes = b""
    http_status: int | None = None
    request_id: str = ""
    stop_reason: str = ""
    usage: Usage | None = None
    was_sent: bool = True


@dataclass(frozen=True)
class Reply:
    """A message that ended by itself. value: its text, read as JSON."""

    value: Any
    exchange: Exchange


def send(request: ModelRequest, *, call_id: str) -> Reply:
    """Ask once. call_id: goes along, so that their log can be laid beside our journal.

    Raises Unavailable, Refusing, OutcomeUnknown or Unusable, each with its exchange.
    """
    with exchanged() as exchange:
        client().messages.with_raw_response.create(
            **request.body(), timeout=patience(), extra_headers={"X-Call-Id": call_id}
        )
    return read_message(exchange)


def read_message(exchange: Exchange) -> Reply:
    """Understand the bytes of a successful reply; the exchange's stop reason and usage are filled in.

    Raises Unusable: not_json, stop_reason, malformed.
    """
    try:
        message = read_json(exchange.raw)
    except NotJSON as error:
        raise Unusable("not_json", f"The reply is no message. {error}", exchange) from error
    return read_message_value(message, exchange)


def read_message_value(message: object, exchange: Exchange) -> Reply:
    """As `read_message`, of what was read already."""
    if not isinstance(message, dict) or message.get("type") != "message":
        raise Unusable("not_json", "The reply is no message.", exchange)
    exchange.stop_reason = str(message.get("stop_reason"))[:60]
    exchange.usage = _usage_of(message.get("usage"))
    content = message.get("content")
    if exchange.usage is None or not isinstance(content, list):
        raise Unusable(
            "not_json", "The reply is no message: it does not say what was used, or has no content.", exchange
        )
    if exchange.stop_reason != NATURAL_END:
        raise Unusable("stop_reason", f"The model stopped for “{exchange.stop_reason}”.", exchange)
    texts = [block.get("text") for block in content if isinstance(block, dict) and block.get("type") == "text"]
    if len(texts) != 1 or not isinstance(texts[0], str):
        raise Unusable("malformed", f"The reply has {len(texts)} texts instead of one.", exchange)
    try:
        return Reply(read_json(texts[0].encode("utf-8", "surrogatepass")), exchange)
    except NotJSON as error:
        raise Unusable("malformed", f"The reply's text cannot be read. {error}", exchange) from error


def refusal(error: Any, exchange: Exchange) -> CallFailed:
    """What an anthropic.APIStatusError means."""
    status, said = error.status_code, str(error.api_message or error.message)[:300]
    exchange.http_status = status
    about_money = error.error_code in SPEND_LIMITS or error.type == "billing_error" or "usage limit" in said.lower()
    if about_money or status in (401, 402, 403, 404) or 300 <= status < 400:
        return Refusing(f"The model's server refuses us ({status}): {said}", exchange)
    if status in (408, 409, 429) or status >= 500:
        pause = _retry_after(error.response.headers.get("retry-after"))
        message = f"The model's server cannot do it now ({status}): {said}"
        return Unavailable(message, exchange, retry_after_s=pause, is_rate_limit=status == 429)
    return Unusable("bad_request", f"The model's server does not take this request ({status}): {said}", exchange)


def lost(error: Exception, exchange: Exchange) -> CallFailed:
    """What an anthropic.APIConnectionError means. Only what failed to connect is known not to have been sent."""
    import httpx2

    cause = error.__cause__
    if isinstance(cause, _TooLarge):
        return Unusable("too_large", f"The reply has more than {MOST_REPLY_BYTES:,} bytes, or is packed.", exchange)
    said = f"{type(cause).__name__}: {cause}"[:300]
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        exchange.was_sent = False
        return Unavailable(f"The model's server cannot be reached: {said}", exchange)
    return OutcomeUnknown(f"The reply was lost: {said}", exchange)


def _retry_after(value: str | None) -> float | None:
    """Seconds or an HTTP date, within bounds; None for nothing or nonsense."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, LEAST_PAUSE_S), LONGEST_PAUSE_S) if math.isfinite(seconds) else None


def _usage_of(value: object) -> Usage | None:
    """None where the reply does not say in whole numbers what was used: then nobody knows what it cost."""
    if not isinstance(value, dict) or not {"input_tokens", "output_tokens"} <= value.keys():
        return None
    names = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    counts = [value.get(name) or 0 for name in names]
    if any(isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 10**9 for count in counts):
        return None
    read, written, cache_write, cache_read = counts
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cache_write_5m_tokens=cache_write,
        cache_write_1h_tokens=0,
        cache_read_tokens=cache_read,
    )


class _TooLarge(Exception):
    """More than we read, or packed so that nobody can tell how much it is."""


class _Recorder:
    """Keeps what comes in, while it comes, within a bound of bytes and of time."""

    def __init__(self, *, seconds: float, is_stream: bool) -> None:
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        self.is_stream = is_stream
        self.exchange = Exchange()

    def watch(self, response: Any) -> None:
        """Called with the head of the answer, before its body is read."""
        self.exchange.http_status = response.status_code
        self.exchange.request_id = response.headers.get("request-id", "")[:100]
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise _TooLarge
        if not (self.is_stream and response.status_code == HTTPStatus.OK):
            response.stream = _stream(response.stream, self)

    def add(self, piece: bytes) -> None:
        import httpx2

        kept = self.exchange.raw
        self.exchange.raw = kept + piece[: MOST_REPLY_BYTES - len(kept)]
        if len(kept) + len(piece) > MOST_REPLY_BYTES:
            raise _TooLarge
        if time.monotonic() > self.deadline:
            raise httpx2.ReadTimeout(f"no whole reply within {self.seconds:.0f} s")


_recorder: ContextVar[_Recorder | None] = ContextVar("recorder", default=None)


@contextmanager
def exchanged(*, seconds: float | None = None, is_stream: bool = False) -> Iterator[Exchange]:
    """What `client` receives inside is kept in the exchange, within the bounds of one call.

    seconds: for the whole of it, CALL_SECONDS if None. is_stream: a successful reply is read by the caller, unbounded.
    Raises Unavailable, Refusing, OutcomeUnknown or Unusable for what the library raises.
    """
    import anthropic

    with recorded(seconds=seconds or settings.CALL_SECONDS, is_stream=is_stream) as exchange:
        try:
            yield exchange
        except anthropic.APIStatusError as error:
            raise refusal(error, exchange) from error
        except anthropic.APIConnectionError as error:
            raise lost(error, exchange) from error


@contextmanager
def recorded(*, seconds: float, is_stream: bool) -> Iterator[Exchange]:
    """As `exchanged`, without understanding errors."""
    recorder = _Recorder(seconds=seconds, is_stream=is_stream)
    token = _recorder.set(recorder)
    try:
        yield recorder.exchange
    finally:
        _recorder.reset(token)
        recorder.exchange.raw = raw_without_key(recorder.exchange.raw)


def _watch(response: Any) -> None:
    recorder = _recorder.get()
    if recorder is not None:
        recorder.watch(response)


def _stream(inner: Any, recorder: _Recorder) -> Any:
    import httpx2

    class Recorded(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for piece in inner:
                recorder.add(piece)
                yield piece

        def close(self) -> None:
            inner.close()

    return Recorded()


def patience() -> Any:
    """Time-outs of one call; the recorder ends what drips."""
    import httpx2

    return httpx2.Timeout(settings.CALL_SECONDS, connect=CONNECT_SECONDS)


def load() -> None:
    """Import the vendor's library, which takes seconds, before a worker has children: once for all of them."""
    import anthropic  # noqa: F401


def client() -> Any:
    """The vendor's client of this process, for the address and key of the settings."""
    return _client(settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY)


@lru_cache(maxsize=4)
def _client(base_url: str, key: str) -> Any:
    """One for each process: to make one takes time.

    No connection is used twice: a server that answers one request twice would have its second answer taken for that
    of the next request, which is another job's.
    """
    import anthropic
    import httpx2

    return anthropic.Anthropic(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        open_telemetry=False,
        default_headers={"Accept-Encoding": "identity"},
        http_client=httpx2.Client(
            follow_redirects=False,
            limits=httpx2.Limits(max_keepalive_connections=0),
            event_hooks={"response": [_watch]},
        ),
    )
