"""A configuration's text without its secrets: what a difference may show of it.

Goes by where the values stand, not by how they are written: a key may be on the line after its name, folded
over several, or in braces. Comments are gone over by their look, since an old key may be kept in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import yaml

HIDDEN = "(hidden)"
_NAMES = frozenset({"api_key", "url", "key", "master_key", "token"})
"""Keys whose values are secrets somewhere in the schema; an address or a name beside them loses nothing."""
_TABLES = frozenset({"headers", "query", "extra_headers", "default_headers"})
"""Mappings any of whose values may be a secret."""
_FROM_ENVIRONMENT = re.compile(r"\$\{\w+\}|os\.environ/\w+")
_KEY_IN_COMMENT = re.compile(r"""(#.*\b(?:api_key|url)["']?\s*:\s*)(?!["']?\$\{)("[^"]*"|'[^']*'|[^\s,}]+)""")
Span: TypeAlias = tuple[int, int]


def hidden(text: str) -> str:
    """Return a sound YAML text with every secret replaced, on as many lines as before."""
    for start, end in sorted(_secrets(yaml.compose(text, yaml.SafeLoader)), reverse=True):
        lines = text.count("\n", start, end)
        text = text[:start] + HIDDEN + "\n" * lines + text[end:]
    return "\n".join(_KEY_IN_COMMENT.sub(rf"\1{HIDDEN}", line) for line in text.split("\n"))


def _secrets(node: yaml.Node | None) -> Iterator[Span]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.ScalarNode) and key.value in _NAMES:
                if _is_secret(value):
                    yield _span(value)
            elif key.value in _TABLES and isinstance(value, yaml.MappingNode):
                yield from (_span(one) for _, one in value.value if _is_secret(one))
            else:
                yield from _secrets(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _secrets(value)


def _is_secret(value: yaml.Node) -> bool:
    written = isinstance(value, yaml.ScalarNode) and bool(value.value)
    return written and not _FROM_ENVIRONMENT.fullmatch(value.value.strip())


def _span(value: yaml.Node) -> Span:
    return value.start_mark.index, value.end_mark.index
