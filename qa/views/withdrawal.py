"""Taking a clip away for good: what will happen, and the clip's id typed before it does."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.views.pages import project_page
from qa.forms import WithdrawalForm
from qa.services.withdrawal import Withdrawn, consequences_of, withdraw_clip


@never_cache
@require_http_methods(["GET", "POST"])
def clip_withdraw(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """A withdrawn clip is not there: asking a second time finds nothing."""
    page = project_page(request, slug, right="release")
    clip = page.clip(clip_id)
    form = WithdrawalForm(request.POST or None, clip_id=clip.clip_id)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        done = withdraw_clip(clip=clip, actor=page.user, reason=said["reason"], erase=said["erase"])
        messages.success(request, _told(done))
        return redirect("clips", slug)
    context = page.context(current="clips", clip=clip, form=form, consequences=consequences_of(clip))
    return render(request, "qa/clip_withdraw.html", context, status=400 if request.method == "POST" else 200)


def _told(done: Withdrawn) -> str:
    said = f"{done.clip.clip_id} is withdrawn"
    said += ", and its words are erased." if done.is_erased else "."
    if done.has_files:
        said += " Some of its files could not be removed just now; that is tried again until it is done."
    return said
