"""One connection to the model server: read, decide, log, answer, in this order.

Whoever is killed meanwhile, the log holds every request that reached the server.
"""

import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.model_server.bad_replies import Raw
from tests.model_server.batches import Refused, check_outcome
from tests.model_server.behaviours import Behaviour, error_body
from tests.model_server.replies import Json, input_tokens, slim

if TYPE_CHECKING:
    from tests.model_server.server import Listener

MESSAGES = "/v1/messages"
BATCHES = "/v1/messages/batches"
_MAX_BYTES = {MESSAGES: 32_000_000, BATCHES: 256_000_000}
_SECRETS = {"authorization", "x-api-key"}


@dataclass(frozen=True)
class _Answer:
    """cut: how many bytes of the body are sent before the connection is closed, None for all."""

    status: int
    raw: Raw
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class _Incomplete(Exception):
    """The connection ended before the request did."""


class Handler(BaseHTTPRequestHandler):
    server: "Listener"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The log has it all."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def _handle(self) -> None:
        model, path = self.server.model, urlsplit(self.path).path
        if path.startswith("/control/"):
            self._send(self._control(path))
            return
        entry = self._entry()
        try:
            chosen = model.choose(self.command, path, lambda: self._read_into(entry))
            if chosen.send != "refuse":
                self._read_into(entry)
        except _Incomplete:
            model.record({**entry, "outcome": "incomplete"})
            self.close_connection = True
            return
        entry.update(behaviour=chosen.name, outcome=chosen.name)
        if chosen.send in {"refuse", "hang"}:
            model.record(entry)
            model.stopping.wait(chosen.seconds)
            self.close_connection = True
            return
        try:
            answer = self._answer(entry, chosen, path)
        except Refused as refused:
            answer = self._error(entry, refused.status, message=refused.message)
            entry["outcome"] = str(refused.status)
        entry.update(status=None if chosen.send in {"reset", "lost"} else answer.status, usage=answer.raw.usage)
        model.record(entry)
        self._deliver(answer, chosen, entry["request_id"])

    def _entry(self) -> Json:
        number = self.server.model.next_number()
        headers = {name.lower(): value for name, value in self.headers.items()}
        return {
            "n": number,
            "time": datetime.now(UTC).isoformat(),
            "method": self.command,
            "path": self.path,
            "headers": {name: value for name, value in headers.items() if name not in _SECRETS},
            "has_key": any(headers.get(name) for name in _SECRETS),
            "body": None,
            "behaviour": None,
            "outcome": None,
            "status": None,
            "usage": None,
            "request_id": f"req_{number:08d}",
        }

    def _read_into(self, entry: Json) -> Json:
        """The entry, with the body of the request made slim, once. What is no JSON object becomes a note about it."""
        if entry["body"] is None and (length := int(self.headers.get("content-length") or 0)):
            if length > _MAX_BYTES.get(entry["path"], 1_000_000):
                entry["body"] = {"too_large": length}
                while length > 0 and (piece := self.rfile.read(min(length, 1 << 20))):
                    length -= len(piece)
                return entry
            raw = self.rfile.read(length)
            if len(raw) < length:
                raise _Incomplete
            try:
                body = json.loads(raw)
                requests = body.get("requests")
            except (ValueError, AttributeError, RecursionError):
                entry["body"] = {"no_object": hashlib.sha256(raw).hexdigest(), "bytes": length}
            else:
                entry["body"] = slim(body) if requests is None else {**body, "requests": _slim_all(requests)}
        return entry

    # --- What to say ---

    def _answer(self, entry: Json, chosen: Behaviour, path: str) -> _Answer:
        """Does what is asked, where the behaviour lets it be done. Raises Refused as the API would."""
        if chosen.redirect is not None:
            return _Answer(307, Raw(b""), {"location": chosen.redirect + self.path})
        if chosen.status != HTTPStatus.OK:
            said = {"message": chosen.message, "error_code": chosen.error_code}
            return self._error(entry, chosen.status, chosen.headers, **said)
        if not entry["has_key"]:
            raise Refused(401, "x-api-key header is required")
        body = entry["body"] or {}
        if "too_large" in body:
            raise Refused(413, "Request exceeds the maximum size")
        if "no_object" in body:
            raise Refused(400, "The request body is not valid JSON")
        if path == MESSAGES and self.command == "POST":
            _check_call(body)
            return _Answer(200, self.server.model.reply(body, chosen, entry["n"]))
        if path == f"{MESSAGES}/count_tokens" and self.command == "POST":
            return _json({"input_tokens": input_tokens(body)})
        if path == BATCHES or path.startswith(f"{BATCHES}/"):
            done = self._batches(path.removeprefix(BATCHES).strip("/"), body)
            return _Answer(200, self.server.model.reply(None, chosen, entry["n"])) if chosen.bad else done
        raise Refused(404, f"Not found: {path}")

    def _batches(self, place: str, body: Json) -> _Answer:
        batches, base_url = self.server.model.batches, f"http://{self.headers['host']}"
        batch_id, _, verb = place.partition("/")
        match self.command, bool(batch_id), verb:
            case "POST", False, "":
                return _json(batches.body(batches.create(body), base_url))
            case "GET", False, "":
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                rows, more = batches.page(
                    limit=int(query.get("limit", "20")),
                    after_id=query.get("after_id", ""),
                    before_id=query.get("before_id", ""),
                )
                page: Json = {"data": [batches.body(row, base_url) for row in rows], "has_more": more}
                return _json(
                    {**page, "first_id": rows[0].id if rows else None, "last_id": rows[-1].id if rows else None}
                )
            case "GET", True, "":
                return _json(batches.body(batches.poll(batch_id), base_url))
            case "GET", True, "results":
                whole, cut = batches.results(batch_id)
                return _Answer(200, Raw(whole, "application/x-jsonl"), cut=cut if cut < len(whole) else None)
            case "POST", True, "cancel":
                return _json(batches.body(batches.cancel(batch_id), base_url))
            case "DELETE", True, "":
                return _json(batches.delete(batch_id))
        raise Refused(404, f"Not found: {self.path}")

    def _error(self, entry: Json, status: int, headers: dict[str, str] | None = None, **said: str) -> _Answer:
        """said: `message` and `error_code`, where they are not the usual ones."""
        if status == HTTPStatus.BAD_GATEWAY:
            return _Answer(status, Raw(b"<html><h1>502 Bad Gateway</h1></html>", "text/html"), headers or {})
        return _json(error_body(status, request_id=entry["request_id"], **said), status=status, headers=headers)

    def _control(self, path: str) -> _Answer:
        """How a test speaks to a server in another process; not logged."""
        model, query = self.server.model, parse_qs(urlsplit(self.path).query)
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        try:
            match self.command, path:
                case "GET", "/control/seen":
                    return _json({"seen": model.seen[int(query.get("after", ["0"])[0]) :]})
                case "POST", "/control/behaviour":
                    model.behave(*body.pop("names", []), **body)
                    return _json({})
                case "POST", "/control/latency":
                    model.latency_s = float(body["seconds"])
                    return _json({})
                case "POST", "/control/batches":
                    for outcome in body.get("outcomes", {}).values():
                        check_outcome(outcome)
                    for name in ("polls", "outcomes", "cut_after"):
                        setattr(model.batches, name, body.get(name, getattr(model.batches, name)))
                    return _json({})
        except (ValueError, TypeError, KeyError) as error:
            return _json({"error": str(error)}, status=400)
        return _json({"error": f"no such control: {self.command} {path}"}, status=404)

    # --- How to say it ---

    def _send(self, answer: _Answer) -> None:
        self.wfile.write(_head(answer) + answer.raw.body)

    def _deliver(self, answer: _Answer, chosen: Behaviour, request_id: str) -> None:
        """In one write where nothing is to go wrong: a second one could wait for the client's acknowledgement."""
        head, body = _head(answer, request_id), answer.raw.body
        if chosen.send != "drip" and self.server.model.stopping.wait(chosen.seconds):
            self.close_connection = True
            return
        match chosen.send:
            case "lost":
                self.close_connection = True
            case "reset":
                self._reset()
            case "half":
                self.wfile.write(head + body[: len(body) // 2])
                self.close_connection = True
            case "drip":
                self._drip(head, body, chosen.seconds)
            case "twice":
                self.wfile.write((head + body) * 2)
            case _ if answer.cut is not None:
                self.wfile.write(head + body[: answer.cut])
                self.close_connection = True
            case _:
                self.wfile.write(head + body)

    def _drip(self, head: bytes, body: bytes, seconds: float) -> None:
        self.wfile.write(head)
        for place in range(len(body)):
            if self.server.model.stopping.wait(seconds):
                self.close_connection = True
                return
            self.wfile.write(body[place : place + 1])

    def _reset(self) -> None:
        """Lingering for no time, a close sends RST; the file made of the socket would keep it open."""
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()
        self.close_connection = True


def _json(body: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> _Answer:
    return _Answer(status, Raw(json.dumps(body).encode()), headers or {})


def _head(answer: _Answer, request_id: str = "req_control") -> bytes:
    headers = {
        "date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "content-type": answer.raw.content_type,
        "content-length": str(len(answer.raw.body)),
        "request-id": request_id,
        **answer.raw.headers,
        **answer.headers,
    }
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:  # 529 is no status that the standard knows
        phrase = "Overloaded"
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _slim_all(requests: Any) -> Any:
    """Of a batch. What has not the right form is left to be refused."""
    if not isinstance(requests, list):
        return requests
    return [
        {**one, "params": slim(one["params"])} if isinstance(one, dict) and isinstance(one.get("params"), dict) else one
        for one in requests
    ]


def _check_call(body: Json) -> None:
    for name in ("model", "max_tokens", "messages"):
        if not body.get(name):
            raise Refused(400, f"{name}: Field required")
    if body.get("stream"):
        raise Refused(400, "stream: this server does not stream")
