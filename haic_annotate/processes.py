"""Where the platform's own programs find it; it lives below, for children that the packages start themselves."""

from annotation.processes import die_with_parent

__all__ = ["die_with_parent"]
