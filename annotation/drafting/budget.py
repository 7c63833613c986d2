"""A cap that holds while many race for it: the worst case of a call is reserved before anything is sent.

All accounts of a call (installation, project, each for ever and for the day) are taken in one order, so that nobody
waits for anybody in a circle.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.conf import settings
from django.db.models import F

from annotation.drafting.prices import Price, PriceTable, table_with
from annotation.errors import DomainError
from annotation.models import BudgetAccount, DraftingSettings, Project

MICRO = 1_000_000


class BudgetReached(DomainError):
    """There is no money left for the worst case of this call. `detail["account"]` says where."""

    code = "budget"


def caps_of(project: Project, day: date) -> dict[str, int | None]:
    """Account -> its cap in micro-dollars, None for none. 1 query."""
    own = DraftingSettings.objects.filter(project=project).first()
    caps = (
        micro_usd(settings.DRAFTING_CAP_USD),
        micro_usd(settings.DRAFTING_DAY_CAP_USD),
        own.cap_micro_usd if own else None,
        own.day_cap_micro_usd if own else None,
    )
    return dict(zip(_keys(project, day), caps, strict=True))


def micro_usd(usd: Decimal) -> int:
    return int(usd * MICRO)


def reserve(*, project: Project, day: date, amount: int) -> None:
    """Set the amount (micro-dollars) aside in every account, or in none. Needs an open transaction.

    Others wait for its end: call it last. Raises BudgetReached.
    """
    caps = caps_of(project, day)
    accounts = _locked(caps)
    if len(accounts) < len(caps):
        BudgetAccount.objects.bulk_create([BudgetAccount(key=key) for key in caps], ignore_conflicts=True)
        accounts = _locked(caps)
    for key, cap in caps.items():
        taken = accounts[key].spent_micro_usd + accounts[key].reserved_micro_usd
        if cap is not None and taken + amount > cap:
            raise BudgetReached(f"No money is left for this call in the account “{key}”.", account=key)
    BudgetAccount.objects.filter(key__in=caps).update(reserved_micro_usd=F("reserved_micro_usd") + amount)


def settle(*, project: Project, day: date, reserved: int, cost: int) -> None:
    """Turn a reservation into what the call cost. Needs an open transaction; as `reserve`, last."""
    keys = _keys(project, day)
    _locked(keys)
    BudgetAccount.objects.filter(key__in=keys).update(
        reserved_micro_usd=F("reserved_micro_usd") - reserved, spent_micro_usd=F("spent_micro_usd") + cost
    )


def _keys(project: Project, day: date) -> tuple[str, ...]:
    return "installation", f"installation:{day}", f"project:{project.slug}", f"project:{project.slug}:{day}"


def _locked(keys: Iterable[str]) -> dict[str, BudgetAccount]:
    """One UPDATE over all of them would take the rows in an order of its own: lock them first, in one order."""
    rows = BudgetAccount.objects.select_for_update().filter(key__in=list(keys)).order_by("key")
    return {account.key: account for account in rows}


def price_of(model: str, day: date) -> Price:
    """By the product's table and the installation's own prices. Raises UnknownPrice."""
    return _table(settings.MODEL_PRICES).price_of(model, day)


@lru_cache(maxsize=1)
def _table(extra: str) -> PriceTable:
    return table_with(extra)
