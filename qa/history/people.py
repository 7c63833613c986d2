"""Who stands behind the pseudonyms of a history that is taken in."""

from annotation.errors import BadInput
from annotation.models import Membership, Project, Role, User


class People:
    """Of one project. Who is not a member yet becomes one whom nobody can sign in as."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._ids: dict[str, int] = dict(
            Membership.objects.filter(project=project).values_list("pseudonym", "user_id").order_by()
        )

    def id_of(self, pseudonym: str | None) -> int | None:
        """The user's primary key; None for the installation. 4 queries for somebody new.

        Raises BadInput for who stands in another project of this installation, or did, under that name.
        """
        if pseudonym is None:
            return None
        if pseudonym not in self._ids:
            self._ids[pseudonym] = self._add(pseudonym)
        return self._ids[pseudonym]

    def _add(self, pseudonym: str) -> int:
        username = f"restored-{pseudonym}"
        is_taken = Membership.objects.filter(pseudonym=pseudonym).exists()
        if is_taken or User.objects.filter(username=username).exists():
            raise BadInput({"history": f"{pseudonym} stands for somebody of this installation already"})
        user = User(username=username, is_active=False)
        user.set_unusable_password()
        user.save(force_insert=True)
        Membership.objects.create(
            project=self._project, user=user, role=Role.ANNOTATOR, pseudonym=pseudonym, is_active=False
        )
        return user.pk
