"""How many questions of each category a clip should have: an administrator says it for the project."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation.views.pages import project_page
from qa.forms import QuestionTargetsForm
from qa.services.targets import change_targets, targets_of


@require_http_methods(["GET", "POST"])
def question_targets(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="configure")
    form = QuestionTargetsForm(request.POST or None, initial=targets_of(page.project))
    if request.method == "POST" and form.is_valid():
        change_targets(project=page.project, user=page.user, targets=form.cleaned_data)
        messages.success(request, "The targets are saved.")
        return redirect("question_targets", page.project.slug)
    context = page.context(current="project", form=form)
    return render(request, "qa/question_targets.html", context, status=400 if form.errors else 200)
