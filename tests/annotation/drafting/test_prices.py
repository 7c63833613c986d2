"""What a call costs: by its day, to the micro-dollar, and never more than was reserved."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.drafting.prices import (
    PUBLISHED,
    BadPrices,
    Price,
    UnknownPrice,
    Usage,
    cost_micro_usd,
    price_of,
    table_with,
    worst_case_micro_usd,
)

DAY = date(2026, 11, 25)
SONNET = price_of("claude-sonnet-5-5", DAY)
HAIKU = price_of("claude-haiku-5-5", DAY)
ROW = {
    "model": "local-vision",
    "since": "2026-01-01",
    "input": "0.3",
    "output": 1.1,
    "cache_write_5m": 1,
    "cache_write_1h": 2,
    "cache_read": "0",
}


def test_every_kind_of_token_has_its_own_price() -> None:
    usage = Usage(1_000, 500, cache_write_5m_tokens=2_000, cache_write_1h_tokens=3_000, cache_read_tokens=40_000)
    # Sonnet 5.5, dollars a million = micro-dollars a token:
    # 1,000 * 2 + 500 * 10 + 2,000 * 2.50 + 3,000 * 4 + 40,000 * 0.10
    # = 2,000 + 5,000 + 5,000 + 12,000 + 4,000 = 28,000
    assert cost_micro_usd(SONNET, usage, batch=False) == 28_000
    assert cost_micro_usd(SONNET, usage, batch=True) == 14_000


def test_a_call_is_rounded_up_once_and_after_all_its_parts_are_added() -> None:
    # 3 read tokens * 0.10 = 0.3 and 1 written * 2.50 = 2.5: together 2.8, so 3. Each rounded alone would be 4.
    usage = Usage(cache_write_5m_tokens=1, cache_read_tokens=3)
    assert cost_micro_usd(SONNET, usage, batch=False) == 3
    # Half of 2.8 is 1.4, so 2. Half of 3, which was rounded before, would be 2 too; of 1 token read: 0.05, so 1.
    assert cost_micro_usd(SONNET, usage, batch=True) == 2
    assert cost_micro_usd(SONNET, Usage(cache_read_tokens=1), batch=True) == 1
    # 10 * 0.10 = 1 exactly: nothing to round.
    assert cost_micro_usd(SONNET, Usage(cache_read_tokens=10), batch=False) == 1
    # 2 * 2.50 = 5, half of it 2.5, so 3; half of each rounded up (2 * 2 = 4) is too much.
    assert cost_micro_usd(SONNET, Usage(cache_write_5m_tokens=2), batch=True) == 3


def test_no_usage_costs_nothing() -> None:
    assert cost_micro_usd(SONNET, Usage(), batch=False) == 0


def test_a_long_prompt_makes_the_whole_call_dearer_whatever_part_of_it_was_cached() -> None:
    # Haiku 5.5: 40,000 * 0.10 + 60,000 * 0.01 + 1,000 * 0.50 = 4,000 + 600 + 500 = 5,100 at 100,000 tokens
    assert cost_micro_usd(HAIKU, Usage(40_000, 1_000, cache_read_tokens=60_000), batch=False) == 5_100
    # and one token more, five times: 40,000 * 0.50 + 60,001 * 0.05 + 1,000 * 2.50
    # = 20,000 + 3,000.05 + 2,500 = 25,500.05, so 25,501
    assert cost_micro_usd(HAIKU, Usage(40_000, 1_000, cache_read_tokens=60_001), batch=False) == 25_501


def test_the_worst_case_is_that_all_input_is_written_to_the_dearest_cache() -> None:
    # 10,000 * 4 (kept an hour) + 2,000 * 10 = 60,000; in a batch half of it
    assert worst_case_micro_usd(SONNET, input_tokens=10_000, max_tokens=2_000, batch=False) == 60_000
    assert worst_case_micro_usd(SONNET, input_tokens=10_000, max_tokens=2_000, batch=True) == 30_000
    # 100,001 * 0.20 * 5 + 10 * 0.50 * 5 = 100,001 + 25
    assert worst_case_micro_usd(HAIKU, input_tokens=100_001, max_tokens=10, batch=False) == 100_026


rates = st.decimals(min_value=0, max_value=1000, places=4)
prices = st.builds(
    Price,
    model=st.just("any"),
    since=st.just(DAY),
    input=rates,
    output=rates,
    cache_write_5m=rates,
    cache_write_1h=rates,
    cache_read=rates,
    long_prompt_tokens=st.none() | st.integers(1, 4_000_000),
    long_prompt_factor=st.decimals(min_value=1, max_value=10, places=2),
)
tokens = st.integers(0, 2_000_000)


@given(prices, st.builds(Usage, *[tokens] * 5), tokens, tokens, st.booleans())
def test_no_usage_within_what_was_reserved_costs_more(
    price: Price, usage: Usage, unsent: int, unwritten: int, batch: bool
) -> None:
    reserved = worst_case_micro_usd(
        price,
        input_tokens=usage.prompt_tokens + unsent,
        max_tokens=usage.output_tokens + unwritten,
        batch=batch,
    )
    assert cost_micro_usd(price, usage, batch=batch) <= reserved


def test_tokens_are_not_counted_below_zero() -> None:
    with pytest.raises(ValueError, match="below zero"):
        Usage(input_tokens=10, output_tokens=-1)
    with pytest.raises(ValueError, match="cannot be sent"):
        worst_case_micro_usd(SONNET, input_tokens=-1, max_tokens=0, batch=False)


def test_a_price_holds_from_its_first_day_to_the_day_before_the_next() -> None:
    assert price_of("claude-sonnet-5-5", date(2026, 9, 28)).cache_read == Decimal("0.20")
    assert price_of("claude-sonnet-5-5", date(2026, 10, 6)).cache_read == Decimal("0.20")
    assert price_of("claude-sonnet-5-5", date(2026, 10, 7)).cache_read == Decimal("0.10")
    with pytest.raises(UnknownPrice):
        price_of("claude-sonnet-5-5", date(2026, 9, 27))


def test_a_dated_name_has_the_price_of_its_model() -> None:
    assert price_of("claude-sonnet-4-5-20250929", DAY) == price_of("claude-sonnet-4-5", DAY)
    assert price_of("claude-opus-4-5-20251101", DAY).input == 5


@pytest.mark.parametrize(
    "model",
    ["claude-opus-5-9", "claude-opus-5-2026", "claude-opus-5-latest", "claude-opus", "Claude-opus-5", "gpt", ""],
)
def test_a_model_that_is_not_in_the_table_has_no_price_at_all(model: str) -> None:
    with pytest.raises(UnknownPrice) as refusal:
        price_of(model, DAY)
    assert refusal.value.code == "unknown_price" and refusal.value.detail == {"model": model}
    assert f"“{model}”" in refusal.value.message and "MODEL_PRICES" in refusal.value.message


def test_published_prices_keep_the_order_that_every_model_had_so_far() -> None:
    """A slip of the pen in the table: cache reads are the cheapest input, an hour's cache the dearest."""
    assert len(PUBLISHED.rows) == 16
    for row in PUBLISHED.rows:
        assert 0 < row.cache_read < row.input < row.cache_write_5m < row.cache_write_1h < row.output, row
        assert row.cache_write_5m == row.input * Decimal("1.25") and row.cache_write_1h == 2 * row.input, row
        assert row.output == 5 * row.input, row


def test_prices_of_the_installation_come_beside_the_published_ones() -> None:
    table = table_with(json.dumps([ROW]))
    assert table.price_of("local-vision", DAY) == Price(
        "local-vision", date(2026, 1, 1), Decimal("0.3"), Decimal("1.1"), Decimal(1), Decimal(2), Decimal(0)
    )
    assert table.price_of("claude-opus-5", DAY) == price_of("claude-opus-5", DAY)
    with pytest.raises(UnknownPrice):
        price_of("local-vision", DAY)


def test_prices_of_the_installation_replace_published_ones_of_the_same_day_and_end_earlier_ones() -> None:
    of_the_same_day = {**ROW, "model": "claude-opus-5", "since": "2026-07-24"}
    later = {**ROW, "model": "claude-opus-5-5", "since": "2026-11-01", "long_prompt_tokens": 9, "long_prompt_factor": 2}
    table = table_with(json.dumps([of_the_same_day, later]))
    assert table.price_of("claude-opus-5", DAY).input == Decimal("0.3")
    assert table.price_of("claude-opus-5-5", date(2026, 10, 31)).input == 4
    found = table.price_of("claude-opus-5-5", date(2026, 11, 1))
    assert (found.input, found.long_prompt_tokens, found.long_prompt_factor) == (Decimal("0.3"), 9, Decimal(2))


def test_a_dated_name_may_have_a_price_of_its_own() -> None:
    table = table_with(json.dumps([{**ROW, "model": "claude-opus-4-5-20251101"}]))
    assert table.price_of("claude-opus-4-5-20251101", DAY).input == Decimal("0.3")
    assert table.price_of("claude-opus-4-5", DAY).input == 5


@pytest.mark.parametrize("nothing", ["", "  \n", "[]"])
def test_nothing_said_means_the_published_prices(nothing: str) -> None:
    assert table_with(nothing).rows == PUBLISHED.rows


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in ROW.items() if name != key}


WRONG: dict[str, tuple[str, Any]] = {
    "no JSON": ("cannot be read", "[{"),
    "a key twice": ("stands twice", '[{"model": "a", "model": "b"}]'),
    "no list": ("not a list", ROW),
    "no object": (r"\[1\] is not an object", [ROW, 3]),
    "a key too few": (r"\[0\]: “cache_read” is missing", [without("cache_read")]),
    "a key too many": ("“cached” is not known", [{**ROW, "cached": 1}]),
    "no name": ("model is not", [{**ROW, "model": " "}]),
    "space around a name": ("model is not", [{**ROW, "model": "a "}]),
    "a number for a name": ("model is not", [{**ROW, "model": 3}]),
    "no such day": ("since is not a day", [{**ROW, "since": "2026-02-30"}]),
    "a day without marks": ("since is not a day", [{**ROW, "since": "20260101"}]),
    "a week": ("since is not a day", [{**ROW, "since": "2026-W01-1"}]),
    "a year": ("since is not a day", [{**ROW, "since": 2026}]),
    "a price below zero": ("input is not a number", [{**ROW, "input": -1}]),
    "a word for a price": ("output is not a number", [{**ROW, "output": "free"}]),
    "true for a price": ("output is not a number", [{**ROW, "output": True}]),
    "no price": ("cache_read is not a number", [{**ROW, "cache_read": None}]),
    "infinity": ("input is not a number", [{**ROW, "input": "Infinity"}]),
    "an exponent": ("input is not a number", [{**ROW, "input": "1e3"}]),
    "other figures": ("input is not a number", [{**ROW, "input": "٣"}]),
    "a line break": ("input is not a number", [{**ROW, "input": "3\n"}]),
    "a mad price": ("input is not a number", [{**ROW, "input": 100_001}]),
    "seven decimals": ("input is not a number", [{**ROW, "input": "0.0000001"}]),
    "half a long prompt": ("“long_prompt_factor” is missing", [{**ROW, "long_prompt_tokens": 5}]),
    "a long prompt of nothing": ("long_prompt_tokens", [{**ROW, "long_prompt_tokens": 0, "long_prompt_factor": 2}]),
    "a long prompt, true": ("long_prompt_tokens", [{**ROW, "long_prompt_tokens": True, "long_prompt_factor": 2}]),
    "a discount": ("long_prompt_factor is below 1", [{**ROW, "long_prompt_tokens": 5, "long_prompt_factor": 0.5}]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_the_variable_is_named(case: str) -> None:
    problem, value = WRONG[case]
    with pytest.raises(BadPrices, match=problem) as refusal:
        table_with(value if isinstance(value, str) else json.dumps(value))
    assert str(refusal.value).startswith("MODEL_PRICES")
