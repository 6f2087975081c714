"""A line that is there only when lists of models say something: gone, no longer free, newly free."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.sanitize import one_line
from cockpit.ui.tones import Part, Tone
from router.core.catalog.news import ModelNews, NewsKind


class ModelNewsLine(Widget):
    """The news in a line; `cockpit watch` has them whole."""

    DEFAULT_CSS = """
    ModelNewsLine { height: 1; display: none; text-wrap: nowrap; text-overflow: ellipsis; }
    ModelNewsLine.-told { display: block; }
    """

    news: reactive[tuple[ModelNews, ...]] = reactive((), init=False)
    """What the lists say."""

    def watch_news(self, news: tuple[ModelNews, ...]) -> None:
        """Be there only when there is something to say."""
        self.set_class(bool(line(news)), "-told")

    def render(self) -> Content:
        """Render the line."""
        return Content.assemble(*((text, tone.value) for text, tone in line(self.news)))


def line(news: Sequence[ModelNews]) -> list[Part]:
    """Return the parts of the line, none where nothing is worth one: free models that were always there."""
    found: list[Part] = []
    for kind, title, tone in (
        (NewsKind.GONE, "gone?", Tone.BAD),
        (NewsKind.NOT_FREE, "not free any more", Tone.WARN),
    ):
        names = [one_line(one.deployment or one.model) for one in news if one.kind is kind]
        if names:
            found += [(f" {title} ", tone), (", ".join(names), Tone.PLAIN)]
    fresh = [one for one in news if one.new]
    if fresh:
        found += [(f" new and free: {len(fresh)}", Tone.GOOD)]
    return [(" models", Tone.STRONG), *found, ("  see: cockpit watch", Tone.MUTED)] if found else []
