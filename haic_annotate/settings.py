"""Settings of the project. Every value comes from the environment, is typed, and fails loudly when it is wrong."""

from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from environs import Env, validate

from haic_annotate.tree_digest import tree_digest

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- where things are -------------------------------------------------------------------------------------------------
DATA_DIR = Path(env.str("HAIC_DATA", str(BASE_DIR / "var"))).resolve()
EMBEDDED = env.bool("HAIC_EMBEDDED", False)
SITE_URL = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")

# --- doors (what a server refuses to start with: haic_annotate/guard.py) ----------------------------------------------
SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
BEHIND_PROXY = env.int("BEHIND_PROXY", 0)
"""How many proxies of ours stand in front: only then what they say of scheme and client is believed."""
ALLAUTH_TRUSTED_PROXY_COUNT = BEHIND_PROXY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
HTTPS = env.bool("HTTPS", False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 60 * 60 * 24 * 365) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS and env.bool("HSTS_SUBDOMAINS", True)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", 60 * 60 * 24 * 3)  # a weekend
if HTTPS:  # such a name is kept only for this very host, by https
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_CONTENT_TYPE_NOSNIFF = True
# On plain http browsers ignore it, and complain on every page; an address of this machine counts as safe.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if HTTPS or EMBEDDED else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MEDIA_DELIVERY = env.str("MEDIA_DELIVERY", "direct", validate=validate.OneOf(["direct", "accel", "presigned"]))
MEDIA_STORAGE = env.str("MEDIA_STORAGE", "local", validate=validate.OneOf(["local", "s3"]))
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", "") or None
S3_PUBLIC_ENDPOINT_URL = env.str("S3_PUBLIC_ENDPOINT_URL", "") or S3_ENDPOINT_URL
_media_origin = urlsplit(S3_PUBLIC_ENDPOINT_URL or "")
_MEDIA_ORIGINS = [f"{_media_origin.scheme}://{_media_origin.netloc}"] if MEDIA_DELIVERY == "presigned" else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # A nonce stands in the policy of an answer whose page used one. None does: no page holds a script or a style.
        # Rules by which a page is fetched ahead, which the workspace makes; no script runs by that word.
        "script-src": [SELF, NONCE, "'inline-speculation-rules'"],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", *_MEDIA_ORIGINS],
        "media-src": [SELF, "blob:", *_MEDIA_ORIGINS],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# --- what runs --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "haic_annotate",
    "qa",
    "annotation",
    "allauth",
    "allauth.account",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "pgtrigger",
    "rest_framework",
    "template_partials",
]
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",  # first: what the next two answer by themselves carries the policy as well
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "haic_annotate.sessions.SessionLimitsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "haic_annotate.middleware.DomainErrorMiddleware",
]
ROOT_URLCONF = "haic_annotate.urls"
WSGI_APPLICATION = "haic_annotate.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "annotation.views.context.unread_notifications",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Postgres ---------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **env.dj_db_url("DATABASE_URL", conn_max_age=60, conn_health_checks=True),
        "ENGINE": "haic_annotate.postgres",
        "ATOMIC_REQUESTS": False,
    }
}
_LIMITS = {
    "statement_timeout": env.int("DB_STATEMENT_TIMEOUT_MS", 0),
    "lock_timeout": env.int("DB_LOCK_TIMEOUT_MS", 0),
    "idle_in_transaction_session_timeout": env.int("DB_IDLE_IN_TRANSACTION_TIMEOUT_MS", 0),
}
"""Milliseconds, 0 for none. wsgi.py sets them for who serves people; workers and commands may take longer."""
DB_PATIENCE_SECONDS = _LIMITS["statement_timeout"] / 1000 + 0.5 if _LIMITS["statement_timeout"] else 0
"""We wait a little longer than the server should work: it tells why it stopped, if it can."""
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=2,
    tcp_user_timeout=10_000,
    # Else each row that meets a trigger of ours begins and aborts a subtransaction, to learn that none is ignored; and
    # each of these looks through all deferred checks of the transaction.
    options=" ".join(["-c pgtrigger.ignore={}", *(f"-c {name}={limit}" for name, limit in _LIMITS.items() if limit)]),
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APP_ROLE = env.str("HAIC_APP_ROLE", "haic_app")
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # a full one forgets, and rate limits are counted here
    }
}

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "annotation.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "haic_annotate.accounts.ClosedAccountAdapter"
ACCOUNT_FORMS = {
    "login": "haic_annotate.account_forms.StrictLoginForm",
    "change_password": "haic_annotate.account_forms.StrictChangePasswordForm",
}
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    # Wrong passwords: for any names from one address, and for one name from one address (haic_annotate/accounts.py).
    # None is for a name alone: whoever knows it could lock its owner out. What that leaves open: docs/deployment.md.
    "login_failed": "10/m/ip,5/5m/key",
    "change_password": "5/m/user",
}
"""Addresses are the proxy's word only where BEHIND_PROXY says that it is ours; of IPv6, one is a network of /64."""
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "projects"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

# --- files ------------------------------------------------------------------------------------------------------------
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]  # ours only
STATICFILES_DIRS = [BASE_DIR / "static"]
_UNHASHED = EMBEDDED or DEBUG
# Without hashed names the address holds a digest of all files: browsers keep them, new files have new addresses.
STATIC_URL = f"/static/{tree_digest(BASE_DIR / 'static')}/" if EMBEDDED and not DEBUG else "/static/"
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/[0-9a-f]{12}/" if EMBEDDED and not DEBUG else None
WHITENOISE_USE_FINDERS = _UNHASHED
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media-is-never-served-from-here/"
MEDIA_ACCEL_PREFIX = "/_media/"
MEDIA_LINK_SECONDS = 60
_LOCAL: dict[str, Any] = {"BACKEND": "haic_annotate.media_files.WholeFiles"}


def s3_store(endpoint_url: str | None) -> dict[str, Any]:
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": cast(Any, env.str("S3_ADDRESSING_STYLE", "path"))},
        connect_timeout=2,
        read_timeout=10,
        retries={"total_max_attempts": 2},
        request_checksum_calculation="when_required",  # stores other than Amazon's know no other
        response_checksum_validation="when_required",
    )
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.str("S3_BUCKET", ""),
            "endpoint_url": endpoint_url,
            "region_name": env.str("S3_REGION", "") or None,
            "access_key": env.str("S3_ACCESS_KEY_ID", "") or None,
            "secret_key": env.str("S3_SECRET_ACCESS_KEY", "") or None,
            "client_config": config,
            "default_acl": None,
            "file_overwrite": False,
            "object_parameters": {
                "ContentType": "application/octet-stream"
            },  # what an upload says of itself is nothing
            "querystring_auth": True,
            "querystring_expire": MEDIA_LINK_SECONDS,
        },
    }


_HASHED = "haic_annotate.static_files.HashedStaticFiles"
STORAGES = {
    "default": s3_store(S3_ENDPOINT_URL) if MEDIA_STORAGE == "s3" else _LOCAL,
    "links": s3_store(S3_PUBLIC_ENDPOINT_URL) if MEDIA_STORAGE == "s3" else _LOCAL,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if _UNHASHED else _HASHED},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DISK_LOW_WATER_BYTES = env.int("DISK_LOW_WATER_BYTES", 2 * 1024**3)
"""Work that copies videos waits rather than leave less than this free."""
MEASURE_LEASE_SECONDS = env.float("MEASURE_LEASE_SECONDS", 90)
CUT_LEASE_SECONDS = env.float("CUT_LEASE_SECONDS", 2100)
"""How long a worker that says nothing keeps a raw video (it renews that), or a scene that it cuts (it does not)."""
PERSON_DETECTOR = env.str("PERSON_DETECTOR", "annotation.accumulation.onnx_models.NanoDet")
POSE_ESTIMATOR = env.str("POSE_ESTIMATOR", "annotation.accumulation.onnx_models.MoveNetMultiPose")
"""Dotted paths of what finds people and their keypoints in raw videos: docs/perception.md."""
MEASURE_MEMORY_BYTES = env.int("MEASURE_MEMORY_BYTES", 2147483648)
"""Address space of the child that measures a raw video; a framework of larger models needs more."""
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", 2 * 1024**3)

# --- Celery (reasons: docs/decisions/0003) ----------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_RESULT_BACKEND = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1740
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 2400,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_DIRECT = True
WORKER_DEAF_SECONDS = env.float("WORKER_DEAF_SECONDS", 120)
"""An idle worker that does not hear its own canary for so long ends, to be started anew (haic_annotate/hearing.py)."""
CELERY_DB_REUSE_MAX = 10**9
"""Celery would connect anew for each task; haic_annotate/celery.py asks instead, as for each request."""

# --- the model (annotation/drafting) ----------------------------------------------------------------------------------
ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", "")
"""From the environment only. Without one drafting waits and people work."""
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", "https://api.anthropic.com").rstrip("/")
DRAFTING_MODEL = env.str("DRAFTING_MODEL", "claude-sonnet-5-5")
MODEL_PRICES = env.str("MODEL_PRICES", "")
DRAFTING_CAP_USD = env.decimal("DRAFTING_CAP_USD", Decimal(500))
DRAFTING_DAY_CAP_USD = env.decimal("DRAFTING_DAY_CAP_USD", Decimal(50))
CALL_SECONDS = env.float("CALL_SECONDS", 120)
"""One attempt, from the first byte sent to the last byte read."""
JOB_LEASE_SECONDS = env.float("JOB_LEASE_SECONDS", 30)
"""Renewed while its worker lives: a dead worker's job is taken up again after this and one sweep."""
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 20)

# --- the queue (annotation/services/leases.py) ------------------------------------------------------------------------
LEASE_SECONDS = env.int("LEASE_SECONDS", 600)
"""How long an untouched unit of work stays with whoever took it and does nothing."""

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotation.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "annotation.api.authentication.WithinScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["annotation.api.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "annotation.api.schema.OurSchema",
    "EXCEPTION_HANDLER": "annotation.api.errors.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "HAIC Annotate",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- language, time, logs ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
