"""What a call to a model costs, in whole micro-dollars, by the price that held on its day.

Prices are US dollars for a million tokens, which is the same number as micro-dollars for one token. All arithmetic is
in Decimal and exact; each call is rounded up once, at the end.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import Any

from annotation.errors import DomainError
from annotation.strict_json import NotJSON, read_json

# Any rounding but the last would be a mistake: it is an error here.
EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])
HALF = Decimal("0.5")
DATED = re.compile(r"(.+)-[0-9]{8}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
RATES = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
KEYS = frozenset({"model", "since", *RATES})
LONG_PROMPT_KEYS = frozenset({"long_prompt_tokens", "long_prompt_factor"})
DEAREST = Decimal(100_000)


class UnknownPrice(DomainError):
    """Nobody said what this model costs, so it is not called. `detail["model"]` names it."""

    code = "unknown_price"


class BadPrices(UnknownPrice):
    """MODEL_PRICES is wrong, so nothing it says counts; the text says where and why."""


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens from the day `since` on.

    cache_write_5m, cache_write_1h: input that is written to a cache which lives so long. cache_read: input found in a
    cache. A prompt of more than `long_prompt_tokens`, cached or not, makes all of its call `long_prompt_factor` times
    as dear; None where no length does.
    """

    model: str
    since: date
    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal
    long_prompt_tokens: int | None = None
    long_prompt_factor: Decimal = Decimal(1)


@dataclass(frozen=True)
class Usage:
    """The tokens of one call, each counted once: `input_tokens` are those that no cache took or gave."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0

    def __post_init__(self) -> None:
        if min(self.prompt_tokens, *vars(self).values()) < 0:
            raise ValueError(f"{self} counts below zero")

    @property
    def prompt_tokens(self) -> int:
        """All that was sent, by whatever price."""
        return self.input_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens + self.cache_read_tokens


class PriceTable:
    """Prices by model and day. A later row for the same model and day replaces an earlier one."""

    def __init__(self, rows: Iterable[Price]) -> None:
        self._rows: dict[str, dict[date, Price]] = {}
        for row in rows:
            self._rows.setdefault(row.model, {})[row.since] = row

    def price_of(self, model: str, on: date) -> Price:
        """The latest price not after the day.

        A name that ends in a day ("claude-sonnet-4-5-20250929") is the model without it, unless it has a row of its
        own. Nothing else is cut off: "claude-opus-5-9" may cost anything. Raises UnknownPrice.
        """
        dated = DATED.fullmatch(model)
        rows = self._rows.get(model) or self._rows.get(dated[1] if dated else model, {})
        days = [since for since in rows if since <= on]
        if not days:
            raise UnknownPrice(
                f"What the model “{model}” costs on {on} is not known here, so it is not called."
                " The variable MODEL_PRICES can say it.",
                model=model,
            )
        return rows[max(days)]

    @property
    def rows(self) -> list[Price]:
        return [row for by_day in self._rows.values() for row in by_day.values()]


def _row(model: str, since: str, rates: str, long_prompt: tuple[int, str] | None = None) -> Price:
    """rates: input, output, both cache writes and the cache read, as the published table has them."""
    tokens, factor = long_prompt or (None, "1")
    return Price(
        model=model,
        since=date.fromisoformat(since),
        long_prompt_tokens=tokens,
        long_prompt_factor=Decimal(factor),
        **dict(zip(RATES, map(Decimal, rates.split()), strict=True)),
    )


# platform.claude.com/docs/en/about-claude/pricing and the overview of each model beside it, as stored in September and
# October 2026; Fable 5.2 as its release was reported on 10 November 2026. `since` is the day of release, or of the
# first report where the day of release was not seen (Opus 5.5). The cache prices of the Sonnets and the Haiku of 4.x
# are not rows that were seen but the usual factors: 1.25, 2 and 0.1 of the input. Batches cost half of everything. Not
# in it: fast mode, and inference kept in one country (a tenth more); neither is asked for.
PUBLISHED = PriceTable(
    [
        _row("claude-fable-5-2", "2026-11-09", "8 40 10 16 0.20"),
        _row("claude-fable-5-1", "2026-09-01", "10 50 12.50 20 0.25"),
        _row("claude-fable-5", "2026-06-09", "10 50 12.50 20 1"),
        _row("claude-opus-5-5", "2026-09-22", "4 20 5 8 0.20"),
        _row("claude-opus-5", "2026-07-24", "5 25 6.25 10 0.50"),
        _row("claude-opus-4-8", "2026-05-28", "5 25 6.25 10 0.50"),
        _row("claude-opus-4-7", "2026-04-16", "5 25 6.25 10 0.50"),
        _row("claude-opus-4-6", "2026-02-05", "5 25 6.25 10 0.50"),
        _row("claude-opus-4-5", "2025-11-24", "5 25 6.25 10 0.50"),
        _row("claude-sonnet-5-5", "2026-09-28", "2 10 2.50 4 0.20"),
        _row("claude-sonnet-5-5", "2026-10-07", "2 10 2.50 4 0.10"),
        _row("claude-sonnet-5", "2026-06-30", "2 10 2.50 4 0.20"),
        _row("claude-sonnet-4-6", "2026-02-17", "3 15 3.75 6 0.30"),
        _row("claude-sonnet-4-5", "2025-09-29", "3 15 3.75 6 0.30"),
        # Over 100,000 tokens: 0.50, 2.50, 0.625, 1.00 and 0.05.
        _row("claude-haiku-5-5", "2026-10-07", "0.10 0.50 0.125 0.20 0.01", (100_000, "5")),
        _row("claude-haiku-4-5", "2025-10-15", "1 5 1.25 2 0.10"),
    ]
)


def price_of(model: str, on: date) -> Price:
    """The published price of a model on a day. Raises UnknownPrice."""
    return PUBLISHED.price_of(model, on)


def table_with(extra_json: str) -> PriceTable:
    """The published prices and those of MODEL_PRICES, which come first where both have a row for a model and day.

    extra_json: a list of objects with all of RATES (numbers, or texts such as "2.50"), `model` and `since`
    (YYYY-MM-DD), and both or none of `long_prompt_tokens` and `long_prompt_factor`. Empty means none. Raises BadPrices.
    """
    if not extra_json.strip():
        return PUBLISHED
    try:
        rows = read_json(extra_json.encode())
    except NotJSON as error:
        raise BadPrices(f"MODEL_PRICES cannot be read. {error}") from error
    if not isinstance(rows, list):
        raise BadPrices("MODEL_PRICES is not a list of prices.")
    return PriceTable([*PUBLISHED.rows, *(_checked(f"MODEL_PRICES[{at}]", row) for at, row in enumerate(rows))])


def _checked(where: str, row: Any) -> Price:
    if not isinstance(row, dict):
        raise BadPrices(f"{where} is not an object.")
    wanted = KEYS | LONG_PROMPT_KEYS if row.keys() & LONG_PROMPT_KEYS else KEYS
    if wrong := sorted(row.keys() ^ wanted):
        problem = "is missing" if wrong[0] in wanted else "is not known"
        raise BadPrices(f"{where}: “{wrong[0]}” {problem}.")
    model, since = row["model"], row["since"]
    if not isinstance(model, str) or not model.strip() or model != model.strip():
        raise BadPrices(f"{where}.model is not the name of a model.")
    try:
        if not isinstance(since, str) or not DAY.fullmatch(since):
            raise ValueError(since)
        day = date.fromisoformat(since)
    except ValueError as error:
        raise BadPrices(f"{where}.since is not a day such as 2026-01-31.") from error
    rates = {name: _decimal(f"{where}.{name}", row[name]) for name in RATES}
    tokens = row.get("long_prompt_tokens")
    factor = _decimal(f"{where}.long_prompt_factor", row.get("long_prompt_factor", 1))
    if "long_prompt_tokens" in row and (type(tokens) is not int or tokens < 1):
        raise BadPrices(f"{where}.long_prompt_tokens is not a whole number above 0.")
    if factor < 1:
        raise BadPrices(f"{where}.long_prompt_factor is below 1.")
    return Price(model=model, since=day, long_prompt_tokens=tokens, long_prompt_factor=factor, **rates)


def _decimal(where: str, value: Any) -> Decimal:
    """A number as it is written: 0.1 is a tenth, not the nearest binary fraction."""
    if type(value) in (int, float, str) and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", str(value)):
        number = Decimal(str(value))
        if number <= DEAREST:
            return number
    raise BadPrices(f"{where} is not a number from 0 to {DEAREST:,} with at most six decimals.")


def cost_micro_usd(price: Price, usage: Usage, *, batch: bool) -> int:
    """What the vendor bills for one call, rounded up to whole micro-dollars. batch: sent in one, at half the price."""
    return _billed(
        price,
        usage.prompt_tokens,
        (
            (usage.input_tokens, price.input),
            (usage.output_tokens, price.output),
            (usage.cache_write_5m_tokens, price.cache_write_5m),
            (usage.cache_write_1h_tokens, price.cache_write_1h),
            (usage.cache_read_tokens, price.cache_read),
        ),
        batch=batch,
    )


def worst_case_micro_usd(price: Price, *, input_tokens: int, max_tokens: int, batch: bool) -> int:
    """The most that a call can cost which sends `input_tokens` and may get `max_tokens` back: nothing that was sent is
    found in a cache and all of it is written to one."""
    if min(input_tokens, max_tokens) < 0:
        raise ValueError(f"{input_tokens} and {max_tokens} tokens cannot be sent and received")
    dearest = max(price.input, price.cache_write_5m, price.cache_write_1h, price.cache_read)
    return _billed(price, input_tokens, ((input_tokens, dearest), (max_tokens, price.output)), batch=batch)


def _billed(price: Price, prompt_tokens: int, parts: Iterable[tuple[int, Decimal]], *, batch: bool) -> int:
    is_long = price.long_prompt_tokens is not None and prompt_tokens > price.long_prompt_tokens
    with localcontext(EXACT):
        total = sum((tokens * rate for tokens, rate in parts), Decimal(0))
        total *= (price.long_prompt_factor if is_long else 1) * (HALF if batch else 1)
        return int(total.to_integral_value(ROUND_CEILING))
