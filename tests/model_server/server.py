"""A server on this machine that speaks the Messages API and the Message Batches API, and misbehaves as told."""

import json
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.model_server.bad_replies import BAD_REPLIES, Asked, Raw
from tests.model_server.batches import Batches
from tests.model_server.behaviours import Behaviour, Chooser, Script, behaviour
from tests.model_server.handler import BATCHES, MESSAGES, Handler
from tests.model_server.replies import Json, good_message, slim, text_block

__all__ = ["BATCHES", "MESSAGES", "ModelServer"]

_NOBODY: Json = {"model": "nobody", "max_tokens": 1, "messages": []}


class ModelServer:
    """`with ModelServer() as server:` listens in a thread of this process.

    latency_s: before each reply to `POST /v1/messages` whose behaviour is `ok`.
    log: a file that gets each entry of `seen` as a JSON line, flushed before the request is answered.
    seen: one entry per request, in the order in which they were decided: `n`, `time`, `method`, `path`, `headers`
        (names in lower case, without the key), `has_key`, `body` (images as their sha256 and length; null where it
        was not read), `behaviour` (its name), `outcome` (the same, or `incomplete`, or the status where the server
        itself had a reason), `status` (null where no head is sent), `usage` (what would be billed, null for nothing
        or where nobody can know), `request_id`.
    batches: its `polls`, `outcomes` and `cut_after` may be set at any time.
    """

    def __init__(self, *, port: int = 0, latency_s: float = 0, log: Path | None = None) -> None:
        self.latency_s = latency_s
        self.seen: list[Json] = []
        self.batches = Batches(self._batch_reply)
        self.stopping = threading.Event()
        self._cached: set[str] = set()
        self._scripts: dict[tuple[str, str], Script] = {}
        self._lock = threading.Lock()
        self._numbers = 0
        self._log = log.open("a", encoding="utf-8") if log else None
        self._http = Listener(("127.0.0.1", port), Handler)
        self._http.model = self
        self.port: int = self._http.server_port
        self.base_url = f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Nobody listens any more, kept connections end, and whatever hangs is let go."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.end_connections()
        with self._lock:
            if self._log:
                self._log.close()
                self._log = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def serve_forever(self) -> None:
        """In the calling thread."""
        self._http.serve_forever()

    def behave(
        self, *names: str, then: str = "ok", choose: Chooser | None = None, path: str = MESSAGES, method: str = "POST"
    ) -> None:
        """From now on the next requests with this method and path get `names` in turn, and all later ones `then`.

        choose: called for each later request instead, with its entry of `seen` as far as it is known by then.
        Raises ValueError for a name that means nothing.
        """
        script = self._scripts.setdefault((method, path), Script())
        script.set(*names, then=then, choose=choose)

    def calls(self) -> list[Json]:
        """Those of `seen` that asked for a message."""
        with self._lock:
            return [entry for entry in self.seen if (entry["method"], entry["path"]) == ("POST", MESSAGES)]

    # --- What the handler asks for ---

    def next_number(self) -> int:
        with self._lock:
            self._numbers += 1
            return self._numbers

    def choose(self, method: str, path: str, read: Callable[[], Json]) -> Behaviour:
        script = self._scripts.get((method, path))
        chosen = script.next(read) if script else behaviour("ok")
        is_prompt = chosen.name == "ok" and (method, path) == ("POST", MESSAGES)
        return replace(chosen, seconds=self.latency_s) if is_prompt else chosen

    def record(self, entry: Json) -> None:
        """Into `seen` and the log, before anything is answered."""
        line = json.dumps(entry) + "\n"
        with self._lock:
            self.seen.append(entry)
            if self._log:
                self._log.write(line)
                self._log.flush()

    def reply(self, request: Json | None, chosen: Behaviour, number: int) -> Raw:
        """The message that a request gets. request: slim."""
        request = request or _NOBODY
        with self._lock:
            if chosen.bad:
                return BAD_REPLIES[chosen.bad].build(Asked(request, number=number, cached=self._cached))
            if chosen.says is not None:
                return Asked(request, number=number, cached=self._cached).message(text_block(chosen.says))
            body = good_message(request, number=number, cached=self._cached)
            return Raw(json.dumps(body).encode(), usage=body["usage"])

    def _batch_reply(self, params: Json, name: str) -> Json:
        raw = self.reply(slim(params), behaviour(name), self.next_number())
        message: Json = json.loads(raw.body)
        if message.get("usage"):
            message["usage"]["service_tier"] = "batch"
        return message


class Listener(ThreadingHTTPServer):
    """A thread per connection, and a list of them."""

    model: ModelServer
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        for connection in [*self._open]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent about a client that has left; anything else is a mistake of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
