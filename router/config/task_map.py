"""A task map for `cockpit whatif`: which deployment or tier each kind of work would have gone to."""

from __future__ import annotations

from pathlib import Path

from router.config.positions import read
from router.errors import ConfigError


def read_task_map(path: Path) -> dict[str, str]:
    """Return task to deployment or tier; `default` stands for every other task.

    Raises ConfigError: no such file, no YAML, or anything but one line `task: name` after the other.
    """
    document = read(path)
    names = document.value if isinstance(document.value, dict) else {}
    problems = [
        document.problem((task,), "needs the name of a deployment or a tier")
        for task, name in names.items()
        if not isinstance(name, str)
    ]
    if not names:
        problems.append(document.problem((), "is no task map: write one `task: deployment` a line"))
    if problems or document.problems:
        raise ConfigError([*problems, *document.problems])
    return {task: str(name) for task, name in names.items()}
