"""What a server refuses to start with: one line each, naming the variable. `./haic up` makes its own safe values.

Peers were broken into through default keys and open hosts; a warning in a log helped nobody, so there is none here.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import redis
from django.conf import LazySettings, settings
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

LEAST_KEY_LENGTH = 50
LEAST_KEY_VARIETY = 10
KNOWN_KEYS = (
    "changeme",
    "change-me",
    "change_me",
    "django-insecure",
    "secret-key",
    "secret_key",
    "example",
    "known to",
)
"""Words that only keys out of documentation, examples and tests have."""
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def refuse_unsafe_start() -> None:
    """Ends the process with status 1 and says why, unless this is `./haic up` or all is well."""
    try:
        if settings.EMBEDDED:
            return
        problems = [*_open_doors(settings), *_bad_prices(settings)]
    except (EnvError, ImproperlyConfigured) as error:
        problems = [str(error).replace("Environment variable ", "", 1)]
    problems = problems or [*_unsafe_database(), *_evicting_broker(settings.CELERY_BROKER_URL)]
    for problem in problems:
        sys.stderr.write(f"haic refuses to start: {problem}\n")
    if problems:
        sys.exit(1)


def _open_doors(settings: LazySettings) -> Iterator[str]:
    key: str = settings.SECRET_KEY
    if settings.DEBUG:
        yield "DEBUG is on; a server shows its insides to nobody"
    if len(key) < LEAST_KEY_LENGTH or len(set(key)) < LEAST_KEY_VARIETY:
        yield f"SECRET_KEY is missing or weak: it needs {LEAST_KEY_LENGTH} random characters or more"
    elif any(known in key.lower() for known in KNOWN_KEYS):
        yield "SECRET_KEY is a known one, out of documentation or tests: make your own"
    hosts: list[str] = settings.ALLOWED_HOSTS
    if not hosts or any(host.strip() in ("*", ".", "") for host in hosts):
        yield "ALLOWED_HOSTS must name the addresses of this site; * is none"
    if settings.MEDIA_STORAGE == "s3" and not settings.STORAGES["default"]["OPTIONS"]["bucket_name"]:
        yield "S3_BUCKET is missing, and MEDIA_STORAGE is s3"
    if settings.MEDIA_DELIVERY == "presigned" and not (
        settings.MEDIA_STORAGE == "s3" and settings.S3_PUBLIC_ENDPOINT_URL
    ):
        yield "MEDIA_DELIVERY=presigned needs MEDIA_STORAGE=s3 and S3_PUBLIC_ENDPOINT_URL, where browsers reach it"
    static: Path = settings.STATIC_ROOT
    if not (static / "staticfiles.json").exists():
        yield f"STATIC_ROOT: nothing was collected in {static}; run “manage.py collectstatic”"


def _bad_prices(settings: LazySettings) -> Iterator[str]:
    from annotation.drafting.prices import BadPrices, table_with

    try:
        table_with(settings.MODEL_PRICES)
    except BadPrices as problem:
        yield str(problem)


def _unsafe_database() -> Iterator[str]:
    import django

    django.setup()
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    from annotation.append_only import append_only_tables

    try:
        with connection.cursor() as cursor:
            for name in DURABLE:
                cursor.execute(f"SHOW {name}")
                if cursor.fetchone()[0] == "off":
                    yield f"DATABASE_URL: {name} is off there; a saved caption would be lost with the power"
            executor = MigrationExecutor(connection)
            pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if pending:
                yield f"DATABASE_URL: {len(pending)} migrations are pending there; run “manage.py migrate” as its owner"
                return
            for table in sorted(append_only_tables()):
                cursor.execute("SELECT has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE')", [table])
                if cursor.fetchone()[0]:
                    yield f"DATABASE_URL names a role that may rewrite history ({table}); serve as the app role"
                    return
    except DatabaseError as error:
        yield f"DATABASE_URL: the database does not answer: {str(error).strip().splitlines()[0]}"
    finally:
        connection.close()


def _evicting_broker(url: str) -> Iterator[str]:
    """A broker that is away may come back; one that throws messages away without a word must not be used."""
    try:
        with redis.Redis.from_url(
            url.replace("redis+socket://", "unix://", 1), socket_connect_timeout=1, socket_timeout=1
        ) as client:
            policy = client.info("memory").get("maxmemory_policy", "noeviction")
    except redis.RedisError:
        return
    if policy != "noeviction":
        yield f"REDIS_URL: its maxmemory-policy is {policy}: tasks would vanish silently; it must be noeviction"
