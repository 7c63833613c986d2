"""Gunicorn's settings for a server. nginx stands in front and takes the slow clients (see nginx.conf.template)."""

import os

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
preload_app = True  # an unsafe server ends before it binds
timeout = 60
graceful_timeout = 25
keepalive = 65  # longer than nginx keeps its connections: it never sends into one that is being closed
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True
loglevel = "warning"
