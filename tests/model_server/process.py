"""The model server as a process of its own, which survives whatever a test kills beside it."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.model_server.replies import Json
from tests.stack import HOME


class ModelServerProcess:
    """`with ModelServerProcess(log) as server:`. It dies with the thread that started it.

    log: gets a JSON line per request before it is answered; see `ModelServer.seen` for what stands in it.
    """

    def __init__(self, log: Path, *, port: int = 0, latency_s: float = 0) -> None:
        self.log = log
        self._command = ["--port", str(port), "--latency", str(latency_s), "--log", str(log)]
        self.base_url = ""

    def start(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.model_server", *self._command],
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.base_url = self.process.stdout.readline().strip()
        assert self.base_url.startswith("http://"), "the model server did not start"
        return self

    def stop(self) -> None:
        """By SIGKILL: it has nothing to say goodbye to."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def logged(self) -> list[Json]:
        """Every request so far, from the file: also when the server is gone."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def wait_for_calls(self, number: int, *, seconds: float) -> None:
        """Until it has been asked so often."""
        end = time.monotonic() + seconds
        while len(self.calls()) < number:
            assert time.monotonic() < end, f"the model was asked {len(self.calls())} times within {seconds} s"
            time.sleep(0.1)

    def calls(self) -> list[Json]:
        """Those of `logged` that asked for a message."""
        return [entry for entry in self.logged() if (entry["method"], entry["path"]) == ("POST", "/v1/messages")]

    def seen(self, *, after: int = 0) -> list[Json]:
        """The same from the server itself, without the first few."""
        found: list[Json] = self._ask(f"/control/seen?after={after}")["seen"]
        return found

    def behave(self, *names: str, **more: str) -> None:
        """As ModelServer.behave: then, path, method. Raises HTTPError for a name that means nothing."""
        self._ask("/control/behaviour", {"names": names, **more})

    def set_latency(self, seconds: float) -> None:
        self._ask("/control/latency", {"seconds": seconds})

    def set_batches(self, **settings: Any) -> None:
        """polls, outcomes, cut_after."""
        self._ask("/control/batches", settings)

    def _ask(self, path: str, body: Json | None = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.base_url + path, data), timeout=30) as answer:
            reply: Json = json.load(answer)
        return reply
