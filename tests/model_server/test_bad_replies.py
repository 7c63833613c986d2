"""Each bad reply is as bad as it says, and nothing else is (L-03)."""

import json

import anthropic
import pytest

from tests.model_server import BAD_REPLIES, ModelServer, bad_replies_for
from tests.model_server.asking import ask, judge, request

CASES = [(kind, name) for kind in ("caption", "qa") for name in bad_replies_for(kind)]


def test_there_are_enough_of_them_and_each_has_a_known_code() -> None:
    assert len(BAD_REPLIES) >= 30
    assert all(len(bad_replies_for(kind)) >= 30 for kind in ("caption", "qa"))
    assert {reply.expected for reply in BAD_REPLIES.values()} == {"not_json", "stop_reason", "too_large", "malformed"}


@pytest.mark.parametrize("kind", ["caption", "qa"])
def test_the_judge_finds_nothing_wrong_with_a_good_reply(server: ModelServer, kind: str) -> None:
    status, headers, body = ask(server, json.dumps(request(kind)).encode())
    assert (status, judge(kind, headers, body)) == (200, "good")


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_bad_reply_arrives_whole_and_is_bad_in_its_own_way_l03(server: ModelServer, kind: str, name: str) -> None:
    server.behave(f"bad:{name}")
    status, headers, body = ask(server, json.dumps(request(kind)).encode())
    assert status == 200
    assert int(headers["content-length"]) == len(body)
    assert judge(kind, headers, body) == BAD_REPLIES[name].expected
    (seen,) = server.calls()
    assert seen["outcome"] == f"bad:{name}"
    if BAD_REPLIES[name].expected in {"stop_reason", "malformed"}:
        assert json.loads(body)["usage"] == seen["usage"]


@pytest.mark.parametrize("kind", ["caption", "qa"])
def test_no_two_bad_replies_are_the_same(server: ModelServer, kind: str) -> None:
    server.behave(*(f"bad:{name}" for name in bad_replies_for(kind)))
    asked = json.dumps(request(kind)).encode()
    bodies = {ask(server, asked)[2].partition(b'"content"')[2] or name for name in bad_replies_for(kind)}
    assert len(bodies) == len(bad_replies_for(kind))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("html", None),
        ("empty_body", json.JSONDecodeError),
        ("cut_message", json.JSONDecodeError),
        ("not_utf8", UnicodeDecodeError),
        ("nested_body", RecursionError),
    ],
)
def test_the_sdk_does_not_make_an_error_of_its_own_of_an_unreadable_reply_l03(
    server: ModelServer, client: anthropic.Anthropic, name: str, error: type[Exception] | None
) -> None:
    server.behave(then=f"bad:{name}")
    raw = client.messages.with_raw_response.create(**request("caption"))
    assert judge("caption", dict(raw.headers), raw.http_response.content) == "not_json"
    if error is None:  # what is no JSON by its content type comes back as a plain string
        assert isinstance(raw.parse(), str)
        return
    with pytest.raises(error):
        raw.parse()


@pytest.mark.parametrize("name", ["other_json", "error_with_200", "no_content", "refusal", "unknown_stop", "no_stop"])
def test_the_sdk_lets_other_json_pass_as_a_message_l03(
    server: ModelServer, client: anthropic.Anthropic, name: str
) -> None:
    server.behave(f"bad:{name}")
    assert isinstance(client.messages.create(**request("caption")), anthropic.types.Message)
