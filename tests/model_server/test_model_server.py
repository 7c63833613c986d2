"""The stand-in for the model does what its names say, as the real SDK sees it."""

import base64
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import anthropic
import pytest
from PIL import Image

from qa.categories import Category
from tests.model_server import ModelServer, good_reply, input_tokens, usage_of
from tests.model_server.asking import MODEL, ask, is_caption, is_questions, request, text_of


def jpeg(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "JPEG")
    return file.getvalue()


def image_block(data: bytes) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/jpeg", "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source}


# --- Good replies ---


def test_a_message_is_answered_and_seen_without_the_key(server: ModelServer, client: anthropic.Anthropic) -> None:
    message = client.messages.create(**request())
    assert text_of(message) == "Two people shake hands."
    assert (message.stop_reason, message.model) == ("end_turn", MODEL)
    (seen,) = server.calls()
    assert seen["body"] == request()
    assert (seen["outcome"], seen["status"], seen["has_key"]) == ("ok", 200, True)
    assert seen["request_id"] == message._request_id
    assert seen["usage"]["input_tokens"] == message.usage.input_tokens
    assert "a secret" not in json.dumps(server.seen)


def test_a_caption_is_people_and_events(client: anthropic.Anthropic) -> None:
    reply = json.loads(text_of(client.messages.create(**request("caption"))))
    assert is_caption(reply)
    assert reply == good_reply(request("caption"))


@pytest.mark.parametrize("category", [value for member in Category for value in (member.value, member.label)])
def test_questions_are_of_the_category_that_the_data_name(client: anthropic.Anthropic, category: str) -> None:
    reply = json.loads(text_of(client.messages.create(**request("qa", category=category, wanted=3))))
    assert is_questions(reply)
    stems = [question["question"] for question in reply["questions"]]
    assert len(set(stems)) == 3
    assert stems[0].startswith("How many") == (category in {"count", "Count"})
    assert ("immediately after" in stems[0]) == (category in {"action_sequence", "Action Sequence"})
    # The mark stands before the second sentence, and belongs to none.
    assert [question["evidence"] for question in reply["questions"]] == [["There are two people in the video."]] * 3


def test_a_repair_finds_the_data_of_an_earlier_turn(client: anthropic.Anthropic) -> None:
    first = request("qa", category="attribute")
    turns = [
        *first["messages"],
        {"role": "assistant", "content": '{"questions": []}'},
        {"role": "user", "content": 'The rule "form" is broken.'},
    ]
    reply = json.loads(text_of(client.messages.create(**{**first, "messages": turns})))
    assert reply["questions"][0]["question"].startswith("What color")


# --- What it costs ---


def test_usage_is_what_the_formula_says(server: ModelServer, client: anthropic.Anthropic) -> None:
    content = [{"type": "text", "text": "abcde"}, image_block(jpeg(640, 480)), image_block(b"no image")]
    usage = client.messages.create(**request(messages=[{"role": "user", "content": content}], system="12345678")).usage
    # 8 / 4 = 2 and 5 / 4 → 2; 640 × 480 / 750 = 409.6 → 410; an unreadable image 200. The reply has 23 characters: 6.
    assert (usage.input_tokens, usage.output_tokens) == (2 + 2 + 410 + 200, 6)
    assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)
    assert client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "abcde"}]).input_tokens == 2
    assert len(server.calls()) == 1


def test_an_image_is_seen_as_its_digest(server: ModelServer, client: anthropic.Anthropic) -> None:
    client.messages.create(**request(messages=[{"role": "user", "content": [image_block(b"no image")]}]))
    source = server.calls()[0]["body"]["messages"][0]["content"][0]["source"]
    assert source == {
        "type": "base64",
        "media_type": "image/jpeg",
        "sha256": hashlib.sha256(b"no image").hexdigest(),
        "bytes": 8,
        "width": None,
        "height": None,
    }


def test_a_prefix_is_written_to_the_cache_once_and_then_read(client: anthropic.Anthropic) -> None:
    def usage(system: list[tuple[str, str | None]], model: str = MODEL) -> tuple[int, int, int, int]:
        blocks = [
            {"type": "text", "text": text, **({"cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else {})}
            for text, ttl in system
        ]
        found = client.messages.create(**request(system=blocks, model=model)).usage
        assert found.cache_creation is not None
        written = found.cache_creation
        assert found.cache_creation_input_tokens == (
            written.ephemeral_5m_input_tokens + written.ephemeral_1h_input_tokens
        )
        return (
            found.input_tokens,
            written.ephemeral_5m_input_tokens,
            written.ephemeral_1h_input_tokens,
            found.cache_read_input_tokens or 0,
        )

    # "What happens here?" has 18 characters: 5 tokens. The system texts have 40 and 80: 10 and 20 tokens.
    guide, example = "g" * 40, "e" * 80
    assert usage([(guide, "1h"), (example, None)]) == (25, 0, 10, 0)
    assert usage([(guide, "1h"), (example, None)]) == (25, 0, 0, 10)
    assert usage([(guide, "1h"), (example, "5m")]) == (5, 20, 0, 10)
    assert usage([(guide, "1h"), (example, "5m")]) == (5, 0, 0, 30)
    assert usage([(guide, None), (example, "5m")]) == (5, 0, 0, 30)
    assert usage([(guide + "!", "5m"), (example, None)]) == (25, 11, 0, 0)
    # A longer prefix that is there leaves nothing of a shorter one to write.
    assert usage([("h" * 40, None), (example, "5m")]) == (5, 30, 0, 0)
    assert usage([("h" * 40, "5m"), (example, "5m")]) == (5, 0, 0, 30)
    assert usage([(guide, "1h"), (example, None)], model="claude-other") == (25, 0, 10, 0)


def test_output_never_costs_more_than_max_tokens(client: anthropic.Anthropic) -> None:
    assert client.messages.create(**request("caption", max_tokens=7)).usage.output_tokens == 7


def test_calls_at_once_cost_the_same_as_in_turn(server: ModelServer, client: anthropic.Anthropic) -> None:
    asked = request("caption", system=[{"type": "text", "text": "g" * 400, "cache_control": {"type": "ephemeral"}}])
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda _: client.messages.create(**asked).usage, range(40))]
    # 100 tokens are written by one of them and read by the other 39.
    assert sum(usage.cache_creation_input_tokens or 0 for usage in found) == 100
    assert sum(usage.cache_read_input_tokens or 0 for usage in found) == 3900
    assert [seen["usage"]["input_tokens"] for seen in server.calls()] == [5] * 40
    by_hand = usage_of(asked, [{"type": "text", "text": json.dumps(good_reply(asked))}], cached=set())
    assert {usage.output_tokens for usage in found} == {by_hand["output_tokens"]}
    assert input_tokens(asked) == 105


# --- Statuses ---


@pytest.mark.parametrize(
    ("name", "error", "kind", "code"),
    [
        ("400", anthropic.BadRequestError, "invalid_request_error", None),
        ("usage_limits", anthropic.BadRequestError, "invalid_request_error", None),
        ("401", anthropic.AuthenticationError, "authentication_error", None),
        ("402", anthropic.PaymentRequiredError, "billing_error", None),
        ("403", anthropic.PermissionDeniedError, "permission_error", None),
        ("404", anthropic.NotFoundError, "not_found_error", None),
        ("413", anthropic.ContentTooLargeError, "request_too_large", None),
        ("429", anthropic.RateLimitError, "rate_limit_error", None),
        (
            "spend_limit",
            anthropic.types.shared.EnforcedSpendLimitReachedError,
            "rate_limit_error",
            "enforced_spend_limit_reached",
        ),
        (
            "contract_spend_limit",
            anthropic.types.shared.ContractSpendLimitReachedError,
            "rate_limit_error",
            "contract_spend_limit_reached",
        ),
        ("ramp_limit:9", anthropic.types.shared.RampLimitExceededError, "rate_limit_error", "ramp_limit_exceeded"),
        ("500", anthropic.InternalServerError, "api_error", None),
        ("502", anthropic.InternalServerError, None, None),
        ("503", anthropic.ServiceUnavailableError, "api_error", None),
        ("504", anthropic.GatewayTimeoutError, "timeout_error", None),
        ("529", anthropic.OverloadedError, "overloaded_error", None),
    ],
)
def test_a_status_becomes_the_error_of_the_sdk_f16_f17(
    server: ModelServer, client: anthropic.Anthropic, name: str, error: type[Exception], kind: str, code: str | None
) -> None:
    server.behave(name)
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**request())
    assert type(caught.value) is error
    assert (caught.value.type, caught.value.error_code) == (kind, code)
    (seen,) = server.calls()
    assert (seen["outcome"], seen["usage"]) == (name, None)
    assert caught.value.request_id == seen["request_id"]
    assert text_of(client.messages.create(**request()))  # once, as it was told


@pytest.mark.parametrize("value", ["1", "30", "61", "3600", "-5", "x"])
def test_retry_after_is_sent_as_it_is_named_f15(server: ModelServer, client: anthropic.Anthropic, value: str) -> None:
    server.behave(then=f"429:{value}")
    for _ in range(2):
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(**request())
        assert caught.value.response.headers["retry-after"] == value


def test_retry_after_may_be_a_date_f15(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.behave("429:date:90")
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(**request())
    when = parsedate_to_datetime(caught.value.response.headers["retry-after"])
    assert 80 < (when - datetime.now(UTC)).total_seconds() <= 90


def test_a_function_may_choose_by_what_is_asked(server: ModelServer, client: anthropic.Anthropic) -> None:
    server.behave("500", choose=lambda seen: "429" if seen["body"]["model"] == "claude-busy" else "says:Hello.")
    with pytest.raises(anthropic.InternalServerError):
        client.messages.create(**request())
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(**request(model="claude-busy"))
    assert text_of(client.messages.create(**request())) == "Hello."


@pytest.mark.parametrize("name", ["", "teapot", "418", "bad:nothing", "redirect", "slow:soon"])
def test_a_name_that_means_nothing_is_refused_at_once(server: ModelServer, name: str) -> None:
    with pytest.raises(ValueError, match=r"behaviour|float"):
        server.behave(name)


def test_the_api_refuses_what_it_cannot_do(server: ModelServer, client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="messages: Field required"):
        client.messages.create(model=MODEL, max_tokens=5, messages=[])
    with pytest.raises(anthropic.NotFoundError):
        client.models.list()
    assert ask(server, b"{", key=False)[0] == 401
    assert ask(server, b"{")[0] == 400
    with pytest.raises(anthropic.ContentTooLargeError):
        client.messages.create(**request(system="x" * 32_000_000))
    assert [seen["outcome"] for seen in server.seen] == ["400", "404", "401", "400", "413"]
