"""The part of docs/litellm.md that lists every setting, written from the list that reading goes by.

`make snap` writes it; `tests/test_docs.py` compares it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from router.config.litellm.known import settings

PAGE = Path(__file__).parents[2] / "docs" / "litellm.md"
BEGIN, END = "<!-- settings -->", "<!-- end of settings -->"
_HEADS = {
    "carried": "Carried over",
    "different": "Different: told by the check with its line",
    "refused": "Refused: money or keys would be other than the file says",
    "nothing": "Without a meaning for one user's router: told by the check with its line",
}


def page() -> str:
    """Return the whole page with the list as it must be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([f"{before}{BEGIN}", *_lines(), f"{END}{after}"])


def _lines() -> Iterator[str]:
    for verdict, head in _HEADS.items():
        found = {name: one.words for name, one in settings().items() if one.verdict == verdict}
        yield f"### {head}"
        yield ""
        if any(found.values()):
            yield "| setting | here |"
            yield "|---|---|"
            yield from (f"| `{name}` | {words} |" for name, words in found.items())
        else:
            yield from _by_section(list(found))
        yield ""


def _by_section(names: list[str]) -> Iterator[str]:
    sections: dict[str, list[str]] = {}
    for name in names:
        section, _, key = name.rpartition(".")
        sections.setdefault(section, []).append(key)
    yield "| section | settings |"
    yield "|---|---|"
    for section, keys in sections.items():
        yield f"| {f'`{section}`' if section else 'the top'} | {', '.join(f'`{key}`' for key in keys)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
