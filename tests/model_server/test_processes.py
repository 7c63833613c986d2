"""The model server as a process of its own: its log outlives whoever is killed."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import anthropic
import pytest

from tests.model_server import ModelServerProcess
from tests.model_server.asking import client_of, request, text_of
from tests.stack import HOME

CALL = """
import sys
from tests.model_server.asking import client_of, request
client_of(sys.argv[1]).messages.create(**request())
"""
CUT_CALL = """
import socket, sys, time
with socket.create_connection(("127.0.0.1", int(sys.argv[1].rpartition(":")[2]))) as connection:
    connection.sendall(b"POST /v1/messages HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 1000\\r\\n\\r\\n{")
    print("sent", flush=True)
    time.sleep(60)
"""
START = """
import sys, time
from pathlib import Path
from tests.model_server import ModelServerProcess
server = ModelServerProcess(Path(sys.argv[1])).start()
print(server.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[ModelServerProcess]:
    with ModelServerProcess(tmp_path / "calls.jsonl") as running:
        yield running


def start(code: str, argument: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, argument], cwd=HOME, stdout=subprocess.PIPE, text=True)


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    if child.stdout:
        child.stdout.close()


def wait_until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_log_of_a_process_holds_what_each_client_was_billed(process: ModelServerProcess) -> None:
    usage = client_of(process.base_url).messages.create(**request("caption")).usage
    (call,) = process.calls()
    assert (call["outcome"], call["body"]) == ("ok", request("caption"))
    assert (call["usage"]["input_tokens"], call["usage"]["output_tokens"]) == (usage.input_tokens, usage.output_tokens)
    assert process.seen() == process.logged() == [call]
    assert process.seen(after=1) == []
    assert "a secret" not in process.log.read_text()


def test_a_test_may_change_what_a_running_process_does(process: ModelServerProcess) -> None:
    client = client_of(process.base_url)
    process.behave("429:30", then="says:Hello.")
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(**request())
    assert text_of(client.messages.create(**request())) == "Hello."
    process.behave()
    process.set_latency(0.3)
    began = time.monotonic()
    assert text_of(client.messages.create(**request())) == "Two people shake hands."
    assert time.monotonic() - began >= 0.3
    process.set_batches(polls=0, outcomes={"b": "expired"})
    batch = client.messages.batches.create(
        requests=[{"custom_id": "a", "params": request()}, {"custom_id": "b", "params": request()}]  # type: ignore[typeddict-item]
    )
    assert {line.custom_id: line.result.type for line in client.messages.batches.results(batch.id)} == {
        "a": "succeeded",
        "b": "expired",
    }
    for wrong in (lambda: process.behave("teapot"), lambda: process.set_batches(outcomes={"a": "eaten"})):
        with pytest.raises(urllib.error.HTTPError) as caught:
            wrong()
        caught.value.close()


def test_a_call_is_in_the_log_though_its_client_is_killed_before_the_reply(process: ModelServerProcess) -> None:
    process.set_latency(30)
    child = start(CALL, process.base_url)
    wait_until(process.calls)
    kill(child)
    (call,) = process.calls()
    assert (call["outcome"], call["body"]) == ("ok", request())
    assert call["usage"]["output_tokens"] > 0


def test_a_request_that_never_came_whole_is_in_the_log_as_such(process: ModelServerProcess) -> None:
    child = start(CUT_CALL, process.base_url)
    assert child.stdout is not None
    assert child.stdout.readline() == "sent\n"
    kill(child)
    wait_until(process.calls)
    (call,) = process.calls()
    assert (call["outcome"], call["body"], call["usage"]) == ("incomplete", None, None)


def test_the_log_is_whole_though_the_server_is_killed_under_load(process: ModelServerProcess) -> None:
    client, answered = client_of(process.base_url), 0
    for _ in range(30):
        client.messages.create(**request())
        answered += 1
    process.process.send_signal(signal.SIGKILL)
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**request())
    assert len(process.calls()) == answered


def test_the_process_dies_with_whoever_started_it(tmp_path: Path) -> None:
    child = start(START, str(tmp_path / "calls.jsonl"))
    assert child.stdout is not None
    pid = int(child.stdout.readline())
    kill(child)
    wait_until(lambda: _is_gone(pid))


def _is_gone(pid: int) -> bool:
    """Also as a zombie, where nobody buries it."""
    try:
        os.kill(pid, 0)
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return True
