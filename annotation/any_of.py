"""The lookup `any_of`: as `in`, for thousands of keys at once.

`in` writes each key into the statement and looks at each several times on its way there. This one sends them as one
array: `filter(item_id__any_of=found.keys())`. Of a list or a tuple the ORM still resolves each, of a view it does not.
"""

from typing import Any

from django.db import models


class AnyOf(models.Lookup):
    """`column = ANY (array)`, for whole numbers."""

    lookup_name = "any_of"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, Any]:
        return "%s::bigint[]", (f"{{{','.join(map(str, value))}}}",)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, values = self.process_lhs(compiler, connection)
        array, keys = self.process_rhs(compiler, connection)
        return f"{column} = ANY({array})", (*values, *keys)


def register() -> None:
    """Once, when the application starts."""
    models.ForeignKey.register_lookup(AnyOf)
