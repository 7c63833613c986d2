"""How many questions of each category a clip should have, by the project's wish."""

from collections.abc import Mapping

from annotation.access import require
from annotation.errors import BadInput
from annotation.models import Project, User
from annotation.transactions import in_transaction
from qa.categories import Category

MOST = 20


def targets_of(project: Project) -> dict[str, int]:
    """A category -> how many are wanted, 0 where none is asked for; in the order of Table 1."""
    return {category.value: project.question_targets.get(category.value, 0) for category in Category}


@in_transaction
def change_targets(*, project: Project, user: User, targets: Mapping[str, object]) -> None:
    """targets: of the categories that are to change. Raises RightMissing, BadInput."""
    require(user, "configure", project=project)
    problems: dict[str, str] = {}
    for name, wanted in targets.items():
        if name not in Category.values:
            problems[str(name)[:100]] = "is no category"
        elif isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted <= MOST:
            problems[name] = f"must be 0 to {MOST}"
    if problems:
        raise BadInput(problems)
    # Lock first: two administrators may change different categories at once.
    project = Project.objects.select_for_update().get(pk=project.pk)
    project.question_targets = {
        name: wanted for name, wanted in {**project.question_targets, **targets}.items() if wanted
    }
    project.save(update_fields=["question_targets"])
