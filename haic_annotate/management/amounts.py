"""Amounts of money as commands print them."""


def usd(micro_usd: int) -> str:
    """15,300 micro-dollars are `0.015300`."""
    return f"{micro_usd // 1_000_000}.{micro_usd % 1_000_000:06}"
