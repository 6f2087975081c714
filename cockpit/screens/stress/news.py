"""Events: how each request of a stress test ended, newest first."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from cockpit.sanitize import one_line
from cockpit.ui.tones import Tone


class StressNews(Static):
    """As many of the newest lines as there is room for."""

    BORDER_TITLE = "Events, newest first"
    DEFAULT_CSS = "StressNews { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._news: tuple[str, ...] = ()

    def show(self, news: tuple[str, ...]) -> None:
        """Show the lines; the same ones are not painted again."""
        if news == self._news and self._news:
            return
        self._news = news
        if not news:
            self.update(Content.styled("nothing has been sent", Tone.MUTED.value))
            return
        self.update(Content("\n".join(map(one_line, news))))
