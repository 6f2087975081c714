"""What the configuration of a provider adds to every request: headers, parameters, a part of the body.

So that a server which differs a little from its wire needs no release. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from router.core.settings.providers import Provider
from router.providers.transport import HttpRequest


def with_extras(request: HttpRequest, provider: Provider) -> HttpRequest:
    """Return a request with the provider's parameters, and its headers in the place of those of that name."""
    if not (provider.headers or provider.query):
        return request
    own = tuple((name.lower(), value.reveal()) for name, value in provider.headers)
    named = {name for name, _ in own}
    others = (pair for pair in request.headers if pair[0].lower() not in named)
    return replace(request, headers=(*others, *own), url=_addressed(request.url, provider))


def _addressed(url: str, provider: Provider) -> str:
    if not provider.query:
        return url
    words = urlencode([(name, value.reveal()) for name, value in provider.query])
    return f"{url}{'&' if '?' in url else '?'}{words}"


def laid_over(body: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """Return `body` with `own` over it: mappings are merged at any depth, anything else is replaced."""
    merged = dict(body)
    for key, value in own.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = laid_over(below, value)
        else:
            merged[key] = value
    return merged
