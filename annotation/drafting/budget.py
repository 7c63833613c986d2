"""A cap that holds while many race for it: the worst case of a call is reserved before anything is sent.

All accounts of a call (installation, project, each for ever and for the day) are taken in one order, so that nobody
waits for anybody in a circle.
"""

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
    """Account -> its cap in micro-dollars, None for none; in the order in which they are taken. 1 query."""
    own = DraftingSettings.objects.filter(project=project).first()
    return {
        "installation": micro_usd(settings.DRAFTING_CAP_USD),
        f"installation:{day}": micro_usd(settings.DRAFTING_DAY_CAP_USD),
        f"project:{project.slug}": own.cap_micro_usd if own else None,
        f"project:{project.slug}:{day}": own.day_cap_micro_usd if own else None,
    }


def micro_usd(usd: Decimal) -> int:
    return int(usd * MICRO)


def reserve(*, project: Project, day: date, amount: int) -> None:
    """Set the amount (micro-dollars) aside in every account, or in none. Needs an open transaction.

    Raises BudgetReached.
    """
    caps = caps_of(project, day)
    BudgetAccount.objects.bulk_create([BudgetAccount(key=key) for key in caps], ignore_conflicts=True)
    for key, cap in caps.items():
        account = BudgetAccount.objects.filter(key=key)
        if cap is not None:
            account = account.filter(reserved_micro_usd__lte=cap - amount - F("spent_micro_usd"))
        if not account.update(reserved_micro_usd=F("reserved_micro_usd") + amount):
            raise BudgetReached(f"No money is left for this call in the account “{key}”.", account=key)


def settle(*, project: Project, day: date, reserved: int, cost: int) -> None:
    """Turn a reservation into what the call cost. Needs an open transaction."""
    for key in caps_of(project, day):
        BudgetAccount.objects.filter(key=key).update(
            reserved_micro_usd=F("reserved_micro_usd") - reserved, spent_micro_usd=F("spent_micro_usd") + cost
        )


def price_of(model: str, day: date) -> Price:
    """By the product's table and the installation's own prices. Raises UnknownPrice."""
    return _table(settings.MODEL_PRICES).price_of(model, day)


@lru_cache(maxsize=1)
def _table(extra: str) -> PriceTable:
    return table_with(extra)
