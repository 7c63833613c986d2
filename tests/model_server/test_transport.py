"""Replies that come late, twice, in part or not at all, as the SDK sees them (F-17, F-18, L-05)."""

import threading
import time

import anthropic
import httpx2
import pytest

from tests.model_server import ModelServer
from tests.model_server.asking import client_of, request, text_of


@pytest.mark.parametrize(
    ("name", "cause", "is_billed"),
    [
        ("refuse", httpx2.NetworkError | httpx2.RemoteProtocolError, False),
        ("hang:0.1", httpx2.RemoteProtocolError, False),
        ("lost", httpx2.RemoteProtocolError, True),
        ("reset", httpx2.ReadError, True),
        ("half", httpx2.RemoteProtocolError, True),
    ],
)
def test_a_connection_that_ends_early_is_a_connection_error_f17(
    server: ModelServer, client: anthropic.Anthropic, name: str, cause: type[Exception], is_billed: bool
) -> None:
    server.behave(name)
    with pytest.raises(anthropic.APIConnectionError) as caught:
        client.messages.create(**request())
    assert not isinstance(caught.value, anthropic.APITimeoutError)
    assert isinstance(caught.value.__cause__, cause)
    (seen,) = server.calls()
    assert seen["outcome"] == name
    assert (seen["usage"] is not None) is is_billed
    assert (seen["body"] is None) is (name == "refuse")
    assert text_of(client.messages.create(**request()))


def test_nobody_listens_after_stop_not_even_on_a_kept_connection(
    server: ModelServer, client: anthropic.Anthropic
) -> None:
    client.messages.create(**request())
    server.stop()
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**request())
    with pytest.raises(anthropic.APIConnectionError) as caught:
        client.messages.create(**request())
    assert isinstance(caught.value.__cause__, httpx2.ConnectError)
    assert len(server.calls()) == 1


def test_a_slow_reply_is_billed_though_the_client_has_left_f18(server: ModelServer) -> None:
    server.behave("slow:0.4")
    with pytest.raises(anthropic.APITimeoutError):
        client_of(server.base_url, timeout=0.2).messages.create(**request())
    (seen,) = server.calls()
    assert seen["usage"]["output_tokens"] > 0


def test_latency_is_before_every_good_reply_and_no_other(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.latency_s = 1.5
    began = time.monotonic()
    client.messages.create(**request())
    assert time.monotonic() - began >= 1.5
    server.behave(then="500")
    began = time.monotonic()
    with pytest.raises(anthropic.InternalServerError):
        client.messages.create(**request())
    assert time.monotonic() - began < 1.5


def test_a_dripping_reply_outlives_the_time_out_between_its_bytes_f17(server: ModelServer) -> None:
    server.behave("drip:0.003")
    began = time.monotonic()
    # About 400 bytes come 3 ms apart: each is in time, and the whole takes longer than the time-out.
    assert text_of(client_of(server.base_url, timeout=0.5).messages.create(**request()))
    assert time.monotonic() - began > 1


def test_the_second_of_two_replies_is_taken_for_that_of_the_next_call_on_a_kept_connection(
    server: ModelServer, client: anthropic.Anthropic
) -> None:
    server.behave("twice", "says:The second.", "says:The third.")
    assert text_of(client.messages.create(**request())) == "Two people shake hands."
    assert text_of(client.messages.create(**request())) == "Two people shake hands."  # what was asked here never comes
    end = time.monotonic() + 10
    while len(server.calls()) < 2 and time.monotonic() < end:  # the client did not wait for it to be seen
        time.sleep(0.01)
    assert [seen["outcome"] for seen in server.calls()] == ["twice", "says:The second."]


def test_a_reply_sent_twice_spoils_nothing_where_no_connection_is_kept(server: ModelServer) -> None:
    server.behave("twice", "says:The second.")
    limits = httpx2.Limits(max_keepalive_connections=0)
    client = client_of(server.base_url, http_client=anthropic.DefaultHttpxClient(limits=limits))
    assert text_of(client.messages.create(**request())) == "Two people shake hands."
    assert text_of(client.messages.create(**request())) == "The second."


def test_a_redirect_takes_the_request_to_another_host_unless_it_is_forbidden_l05(server: ModelServer) -> None:
    with ModelServer() as other:
        server.behave(then=f"redirect:{other.base_url}")
        careful = client_of(server.base_url, http_client=anthropic.DefaultHttpxClient(follow_redirects=False))
        with pytest.raises(anthropic.APIStatusError) as caught:
            careful.messages.create(**request())
        assert caught.value.status_code == 307
        assert other.seen == []
        with pytest.raises(anthropic.AuthenticationError):
            client_of(server.base_url).messages.create(**request())
        (seen,) = other.calls()
        assert (seen["body"], seen["has_key"]) == (request(), False)


def test_a_redirect_may_lead_to_itself_l05(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.behave(then="redirect_loop")
    with pytest.raises(anthropic.APIConnectionError) as caught:
        client.messages.create(**request())
    assert isinstance(caught.value.__cause__, httpx2.TooManyRedirects)
    assert len(server.calls()) == 21


def test_stop_lets_go_whoever_waits(server: ModelServer) -> None:
    server.behave("hang:60", "slow:60", "drip:60")
    for _ in range(3):
        with pytest.raises(anthropic.APITimeoutError):
            client_of(server.base_url, timeout=0.1).messages.create(**request())
    server.stop()
    end = time.monotonic() + 5
    while waiting := [one.name for one in threading.enumerate() if "process_request" in one.name]:
        assert time.monotonic() < end, waiting
        time.sleep(0.02)
