"""Two roles in Postgres: the owner migrates; the app role serves people and cannot rewrite what is append-only.

Runs after every `migrate`, as the owner, so that a table of a new migration never stays without its rights.
"""

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from annotation.append_only import ERASING_FUNCTIONS, append_only_tables
from annotation.models import Prompt
from annotation.services.prompts import seed_prompts


def grant_after_migrate(*, using: str, **kwargs: object) -> None:
    """Make the cache's table, give the app role its rights, seed the prompts. Safe to run many times."""
    call_command("createcachetable", database=using, verbosity=0)
    grant_app_role(using=using)
    if Prompt._meta.db_table in connections[using].introspection.table_names():  # else an earlier state is migrated to
        seed_prompts()


def grant_app_role(*, using: str = "default") -> None:
    """Read and write for the app role on every table; only SELECT and INSERT on those that are append-only.

    What empties the words of a withdrawn clip there it may call: the functions check that the clip is one.
    Does nothing where the role does not exist (a database that has no second role) or is the one connected.
    """
    role = sql.Identifier(settings.APP_ROLE)
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [settings.APP_ROLE])
        if cursor.fetchone() is None:
            return
        connection = cursor.connection
        statements = [
            sql.SQL("GRANT USAGE ON SCHEMA public TO {role}"),
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
            sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"),
            sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}"),
        ]
        for statement in statements:
            cursor.execute(statement.format(role=role).as_string(connection))
        existing = set(connections[using].introspection.table_names(cursor))
        for table in sorted(append_only_tables() & existing):
            revoke = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")
            cursor.execute(revoke.format(table=sql.Identifier(table), role=role).as_string(connection))
        cursor.execute("SELECT proname FROM pg_proc WHERE proname = ANY(%s)", [list(ERASING_FUNCTIONS)])
        for (name,) in cursor.fetchall():
            grant = sql.SQL("GRANT EXECUTE ON FUNCTION {name}(bigint) TO {role}")
            cursor.execute(grant.format(name=sql.Identifier("public", name), role=role).as_string(connection))
