"""What every page may show of the person who looks at it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from annotation.models import User
from annotation.services.notifications import MOST_COUNTED, unread_count


def unread_notifications(request: HttpRequest) -> dict[str, Callable[[], str]]:
    """`unread_notifications`: nothing for none, `3`, or `9+`. 1 query when a page shows it, none where no page does."""

    def shown() -> str:
        user: Any = getattr(request, "user", None)
        count = unread_count(user) if isinstance(user, User) else 0
        return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count or "")

    return {"unread_notifications": shown}
