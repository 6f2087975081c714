"""The screens of the cockpit, in the order of their number keys: one line each."""

from __future__ import annotations

from cockpit.screens.dashboard.screen import DASHBOARD
from cockpit.screens.runner.screen import RUNNER
from cockpit.screens.stress.screen import STRESS
from cockpit.ui.keys import EVERYWHERE, LIST, PANES, Key

PAGES = (DASHBOARD, RUNNER, STRESS)

PAGE_KEYS = tuple(
    Key(page.name, str(number), f"show('{page.name}')", page.text, "everywhere")
    for number, page in enumerate(PAGES, start=1)
)
"""What switches between them."""
KEYS = (*EVERYWHERE, *PAGE_KEYS, *PANES, *(key for page in PAGES for key in page.keys), *LIST)
"""Every key of the cockpit, in the order in which help lists them."""
