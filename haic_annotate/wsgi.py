"""What gunicorn serves. It is loaded before the port is bound: an unsafe server never listens."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haic_annotate.settings")
os.environ.setdefault("DB_STATEMENT_TIMEOUT_MS", "10000")
os.environ.setdefault("DB_LOCK_TIMEOUT_MS", "3000")
os.environ.setdefault("DB_IDLE_IN_TRANSACTION_TIMEOUT_MS", "60000")

from haic_annotate.guard import refuse_unsafe_start

refuse_unsafe_start()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - only a safe server loads the rest

application = get_wsgi_application()
