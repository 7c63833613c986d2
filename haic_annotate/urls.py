"""The whole URLconf. Nothing is open but sign-in, invitations and health."""

from allauth.account import views as account_views
from django.urls import URLPattern, URLResolver, include, path

from annotation.api.schema_view import SchemaView
from haic_annotate.accounts import strict
from haic_annotate.health import healthz, readyz

handler500 = "haic_annotate.faults.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/login/", strict(account_views.login, parameters={"next"}), name="account_login"),
    path("accounts/logout/", strict(account_views.logout, fields=set()), name="account_logout"),
    path("accounts/password/change/", strict(account_views.password_change), name="account_change_password"),
    path("api/v1/schema", SchemaView.as_view(), name="api_schema"),
    path("api/v1/", include("annotation.api.urls")),
    path("api/v1/", include("qa.api.urls")),
    path("", include("annotation.urls")),
    path("", include("qa.urls")),
]
