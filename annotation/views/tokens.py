"""A person's own API tokens. A new one's secret is shown once, on the answer itself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.errors import BadInput
from annotation.forms import ApiTokenForm, add_problems
from annotation.models import ApiToken
from annotation.services.tokens import make_token, revoke_token
from annotation.views.pages import refuse_unknown_fields, refuse_unknown_parameters, signed_in


@never_cache
@require_http_methods(["GET", "POST"])
def api_tokens(request: HttpRequest) -> HttpResponse:
    refuse_unknown_parameters(request)
    user = signed_in(request)
    form, secret = ApiTokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = make_token(user=user, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            form = ApiTokenForm()
    context = {"form": form, "secret": secret, "tokens": ApiToken.objects.visible_to(user)}
    return render(request, "annotation/api_tokens.html", context, status=400 if form.errors else 200)


@require_http_methods(["POST"])
def api_token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    refuse_unknown_parameters(request)
    refuse_unknown_fields(request, frozenset())
    revoke_token(user=signed_in(request), token_id=token_id)
    messages.success(request, "The token no longer works.")
    return redirect("api_tokens")
