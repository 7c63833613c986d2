"""The Message Batches API of the model server, driven by the SDK (F-19, F-20)."""

import json
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types.messages import MessageBatch

from tests.model_server import BATCHES, ModelServer, good_reply, usage_of
from tests.model_server.asking import client_of, request, text_of


def asked(*custom_ids: str, kind: str = "caption") -> Any:
    return [{"custom_id": custom_id, "params": request(kind)} for custom_id in custom_ids]


def ended(client: anthropic.Anthropic, *custom_ids: str) -> MessageBatch:
    """A batch that has been asked for until it was done."""
    batch = client.messages.batches.create(requests=asked(*custom_ids))
    while batch.processing_status != "ended":
        batch = client.messages.batches.retrieve(batch.id)
    return batch


def results(client: anthropic.Anthropic, batch: MessageBatch) -> dict[str, Any]:
    return {line.custom_id: line.result for line in client.messages.batches.results(batch.id)}


def test_a_batch_is_in_progress_for_a_while_and_then_has_every_result(
    server: ModelServer, client: anthropic.Anthropic
) -> None:
    server.batches.polls = 2
    ids = [f"job-{number}" for number in range(20)]
    batch = client.messages.batches.create(requests=asked(*ids))
    assert (batch.processing_status, batch.request_counts.processing, batch.results_url) == ("in_progress", 20, None)
    statuses = [client.messages.batches.retrieve(batch.id).processing_status for _ in range(4)]
    assert statuses == ["in_progress", "in_progress", "ended", "ended"]
    assert (batch.expires_at - batch.created_at).total_seconds() == 86400
    lines = [*client.messages.batches.results(batch.id)]
    assert sorted(line.custom_id for line in lines) == sorted(ids)
    assert [line.custom_id for line in lines] != ids
    for line in lines:
        assert line.result.type == "succeeded"
        assert json.loads(text_of(line.result.message)) == good_reply(request("caption"))
        usage = line.result.message.usage
        assert usage.service_tier == "batch"
        content = [{"type": "text", "text": text_of(line.result.message)}]
        assert usage.output_tokens == usage_of(request("caption"), content, cached=set())["output_tokens"]
    assert [line.custom_id for line in client.messages.batches.results(batch.id)] == [line.custom_id for line in lines]


def test_each_request_may_end_in_its_own_way_f20(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.batches.outcomes = {"b": "errored", "c": "errored:529", "d": "canceled", "e": "expired", "f": "bad:fenced"}
    batch = ended(client, "a", "b", "c", "d", "e", "f")
    found = results(client, batch)
    assert {name: result.type for name, result in found.items()} == {
        "a": "succeeded",
        "b": "errored",
        "c": "errored",
        "d": "canceled",
        "e": "expired",
        "f": "succeeded",
    }
    assert found["b"].error.error.type == "invalid_request_error"
    assert found["c"].error.error.type == "overloaded_error"
    assert text_of(found["f"].message).startswith("```json")
    counts = batch.request_counts
    assert (counts.succeeded, counts.errored, counts.canceled, counts.expired, counts.processing) == (2, 2, 1, 1, 0)


def test_a_way_to_end_may_be_given_by_place_f20(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.batches.outcomes = {"#1": "expired", "c": "canceled"}
    found = results(client, ended(client, "a", "b", "c"))
    assert {name: result.type for name, result in found.items()} == {"a": "succeeded", "b": "expired", "c": "canceled"}


def test_the_stream_of_results_is_cut_once_in_the_middle_of_a_line_f20(
    server: ModelServer, client: anthropic.Anthropic
) -> None:
    batch = ended(client, *(f"job-{number}" for number in range(10)))
    server.batches.cut_after = 4
    whole: list[str] = []
    with pytest.raises(httpx2.RemoteProtocolError):  # it is no error of the SDK's own
        whole.extend(line.custom_id for line in client.messages.batches.results(batch.id))
    assert len(whole) <= 4
    assert len(results(client, batch)) == 10


def test_the_newest_batch_is_listed_first_and_pages_follow_f19(client: anthropic.Anthropic) -> None:
    made = [client.messages.batches.create(requests=asked("a")).id for _ in range(7)]
    newest = [*reversed(made)]
    page = client.messages.batches.list(limit=3)
    assert ([batch.id for batch in page.data], page.has_more) == (newest[:3], True)
    assert [batch.id for batch in client.messages.batches.list(limit=3)] == newest
    before = client.messages.batches.list(limit=2, before_id=newest[4])
    assert ([batch.id for batch in before.data], before.has_more) == (newest[2:4], True)
    with pytest.raises(anthropic.BadRequestError, match="limit"):
        client.messages.batches.list(limit=0)


def test_a_canceled_batch_is_canceling_and_then_ended(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.batches.polls = 100
    batch = client.messages.batches.create(requests=asked("a", "b"))
    canceling = client.messages.batches.cancel(batch.id)
    assert (canceling.processing_status, canceling.cancel_initiated_at is None) == ("canceling", False)
    assert client.messages.batches.retrieve(batch.id).request_counts.canceled == 2
    assert {result.type for result in results(client, batch).values()} == {"canceled"}
    client.messages.batches.delete(batch.id)
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(batch.id)


def test_cancelling_changes_nothing_of_what_has_ended(client: anthropic.Anthropic) -> None:
    batch = ended(client, "a")
    late = client.messages.batches.cancel(batch.id)
    assert (late.processing_status, late.cancel_initiated_at) == ("ended", None)
    assert results(client, batch)["a"].type == "succeeded"


def test_there_are_no_results_before_the_end(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.batches.polls = 100
    batch = client.messages.batches.create(requests=asked("a"))
    with pytest.raises(anthropic.AnthropicError, match="in_progress"):
        client.messages.batches.results(batch.id)
    with pytest.raises(anthropic.BadRequestError, match="still processing"):
        client.messages.batches.delete(batch.id)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["a", "b", "a"], "requests.2.custom_id"),
        (["a.b"], "should match pattern"),
        (["a" * 65], "should match pattern"),
        ([""], "should match pattern"),
        ([], "at least|between 1"),
    ],
)
def test_custom_ids_are_unique_and_of_one_form(client: anthropic.Anthropic, ids: list[str], words: str) -> None:
    with pytest.raises(anthropic.BadRequestError, match=words):
        client.messages.batches.create(requests=asked(*ids))
    assert client.messages.batches.list().data == []
    assert ended(client, "a" * 64, "A_b-9")


def test_a_batch_exists_though_the_reply_to_its_making_was_lost_f19(
    server: ModelServer, client: anthropic.Anthropic
) -> None:
    server.behave("lost", path=BATCHES)
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.batches.create(requests=asked("job-1"))
    (batch,) = client.messages.batches.list().data
    assert client.messages.batches.retrieve(batch.id).id == batch.id
    (made,) = [seen for seen in server.seen if seen["method"] == "POST"]
    assert (made["path"], made["outcome"], made["status"]) == (BATCHES, "lost", None)
    assert [one["custom_id"] for one in made["body"]["requests"]] == ["job-1"]
    assert server.calls() == []


def test_asking_for_a_batch_may_fail_too(server: ModelServer, client: anthropic.Anthropic) -> None:
    batch = client.messages.batches.create(requests=asked("a"))
    server.behave("529", "bad:html", path=f"{BATCHES}/{batch.id}", method="GET")
    with pytest.raises(anthropic.OverloadedError):
        client.messages.batches.retrieve(batch.id)
    assert isinstance(client.messages.batches.retrieve(batch.id), str)
    assert client.messages.batches.retrieve(batch.id).id == batch.id


def test_a_key_is_needed(server: ModelServer) -> None:
    client = client_of(server.base_url, default_headers={"authorization": anthropic.Omit()})
    with pytest.raises(anthropic.AuthenticationError):
        client.messages.batches.list()
