"""Forty addresses that lead out of what is served, where a server lets them."""

TRAVERSALS = [
    *("/static../haic_annotate/settings.py", "/static/../haic_annotate/settings.py", "/static/%2e%2e/manage.py"),
    *("/static/..%2fmanage.py", "/static/%2e%2e%2fmanage.py", "/static/..;/manage.py", "/static//etc/passwd"),
    *("/static/....//manage.py", "/static/.%2e/manage.py", "/static/%c0%ae%c0%ae/manage.py", "/static/..%5cmanage.py"),
    *("/_media/../secret_key", "/_media../secret_key", "/_media/%2e%2e/secret_key", "/_media/videos", "/_media/"),
    *("/_media", "/_media//etc/passwd", "/_media/..%2fsecret_key", "//etc/passwd", "/../../etc/passwd"),
    *("/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/.git/config", "/.env", "/.git/", "/manage.py"),
    *(
        "/haic_annotate/settings.py",
        "/static/.env",
        "/static/staticfiles.json/..",
        "/static/%00",
        "/static/css%00.html",
    ),
    *("/media/videos/", "/var/", "/staticfiles/", "/static/", "/static/css/", "/static/js/../../manage.py"),
    *("/projects/demo/clips/../../../etc/passwd", "/projects/..%2f..%2fetc/passwd"),
]
