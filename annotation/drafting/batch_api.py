"""The Message Batches API, behind six functions. As in `client`: one request each, nothing is retried or slept on.

A batch can be 30 MB of pictures, and so can its results: neither is ever in memory as a whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from annotation.drafting import client
from annotation.drafting.client import Exchange, Unavailable, Unusable, exchanged, patience
from annotation.strict_json import NotJSON, read_json

PATH = "/v1/messages/batches"
UPLOAD_SECONDS = 600
PAGE = 200
MOST_PAGES = 25
MOST_LINE_BYTES = client.MOST_REPLY_BYTES
PIECE_BYTES = 64 * 1024
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True)
class RemoteBatch:
    """size: how many requests it has. status: in_progress, canceling or ended."""

    id: str
    status: str
    size: int
    has_results: bool

    @property
    def is_over(self) -> bool:
        return self.status == "ended"


def create(body: BinaryIO) -> RemoteBatch:
    """body: `{"requests": [{"custom_id", "params"}, …]}`, from its beginning.

    Raises Unavailable, Refusing, OutcomeUnknown, Unusable; `is_surely_not_made` tells whether there may be a batch now.
    """
    import httpx2

    # Not by batches.create: that takes a list, and makes of it a copy and a text, all at once in memory.
    with exchanged(seconds=UPLOAD_SECONDS) as exchange:
        client.client().post(PATH, content=body, cast_to=httpx2.Response, options={"timeout": patience()})
    return _read_batch(_value(exchange), exchange)


def is_surely_not_made(exchange: Exchange) -> bool:
    """After `create` failed: it never left, or was refused. An error of theirs, or of a proxy, proves nothing."""
    status = exchange.http_status
    return not exchange.was_sent or (status is not None and 300 <= status < 500 and status not in (408, 409))


def retrieve(batch_id: str) -> RemoteBatch:
    """Raises Unavailable, Refusing, OutcomeUnknown, Unusable; so do the others."""
    with exchanged() as exchange:
        client.client().messages.batches.with_raw_response.retrieve(batch_id, timeout=patience())
    return _read_batch(_value(exchange), exchange)


def cancel(batch_id: str) -> None:
    """What is being answered is still answered; the rest ends as canceled. Safe to ask for twice."""
    with exchanged():
        client.client().messages.batches.with_raw_response.cancel(batch_id, timeout=patience())


def newest() -> str:
    """The id of the batch that was made last, by anybody with this key; empty where there is none."""
    batches, _ = _page(limit=1)
    return batches[0].id if batches else ""


def newer_than(batch_id: str) -> list[RemoteBatch]:
    """All that were made after this one, newest first; all there are for an empty id.

    Raises Unavailable if they are too many.
    """
    found: list[RemoteBatch] = []
    more: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        batches, has_more = _page(limit=PAGE, **more)
        for batch in batches:
            if batch.id == batch_id:
                return found
            found.append(batch)
        if not has_more or not batches:
            return found
        more = {"after_id": batches[-1].id}
    raise Unavailable(f"More than {PAGE * MOST_PAGES:,} batches were made after the one that we know.", Exchange())


def lines(batch_id: str) -> Iterator[bytes]:
    """The results as they come, without their line ends; one over MOST_LINE_BYTES is left out.

    Raises Unavailable, also in the middle, if the connection ends too early.
    """
    import httpx2

    # Not by batches.results: it goes where the server's own `results_url` points, with our key.
    with exchanged(is_stream=True):
        response: Any = client.client().get(
            f"{PATH}/{batch_id}/results", cast_to=httpx2.Response, options={"timeout": patience()}, stream=True
        )
    try:
        yield from _split(response.iter_bytes(PIECE_BYTES))
    except httpx2.TransportError as error:
        raise Unavailable(f"The results ended too early: {type(error).__name__}", Exchange()) from error
    finally:
        response.close()


def _split(pieces: Iterator[bytes]) -> Iterator[bytes]:
    line = bytearray()
    is_too_long = False
    for piece in pieces:
        *whole, rest = piece.split(b"\n")
        for part in whole:
            line += part
            if line.strip() and not is_too_long and len(line) <= MOST_LINE_BYTES:
                yield bytes(line)
            line.clear()
            is_too_long = False
        line += rest
        if len(line) > MOST_LINE_BYTES:
            line.clear()
            is_too_long = True
    if line.strip() and not is_too_long:
        yield bytes(line)


def _page(**asked: Any) -> tuple[list[RemoteBatch], bool]:
    with exchanged() as exchange:
        client.client().messages.batches.with_raw_response.list(**asked, timeout=patience())
    value = _value(exchange)
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise Unusable("malformed", "The list of batches cannot be read.", exchange)
    return [_read_batch(one, exchange) for one in value["data"]], value.get("has_more") is True


def _value(exchange: Exchange) -> object:
    try:
        return read_json(exchange.raw)
    except NotJSON as error:
        raise Unusable("not_json", f"The answer about a batch cannot be read. {error}", exchange) from error


def _read_batch(value: object, exchange: Exchange) -> RemoteBatch:
    if isinstance(value, dict):
        name, counts, status = value.get("id"), value.get("request_counts"), value.get("processing_status")
        if (
            isinstance(name, str)
            and _ID.fullmatch(name)  # it becomes part of an address
            and isinstance(status, str)
            and isinstance(counts, dict)
            and all(type(count) is int for count in counts.values())
        ):
            return RemoteBatch(name, status, sum(counts.values()), bool(value.get("results_url")))
    raise Unusable("malformed", "The answer is no batch.", exchange)
