"""JSON out of an answer's bytes, and the error object in it, wherever a provider puts it.

What the error means is `core/failures`'s.
"""

from __future__ import annotations

import json
from decimal import Decimal


def parse_json(data: str | bytes) -> object:
    """Return the JSON value in `data`, fractions as `Decimal`; None for no JSON or too deep a nesting."""
    try:
        value: object = json.loads(data, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):  # a Decimal has an exponent too large, too
        return None
    return value


def error_in(body: object) -> object:
    """Return the error object in a body or event that may as well be an answer, else None.

    Gemini wraps it in a list, Anthropic and OpenAI in an object, vLLM does not, Ollama gives a string. Others
    say `success: false`, put a status beside the answer (MiniMax), a list of errors (Cloudflare), or nothing
    but a code and a sentence (Zhipu, DashScope, Baidu).
    """
    if isinstance(body, list):
        return error_in(body[0]) if body else None
    if not isinstance(body, dict):
        return None
    if _TELLS.isdisjoint(body) and body.get("object") != "error":
        return None
    found = body.get("error")
    if found:
        beside = {"error_type": body["error_type"]} if "error_type" in body else {}
        return {**beside, **found} if isinstance(found, dict) else found
    if body.get("object") == "error" or body.get("type") == "error":
        return body
    base, errors = body.get("base_resp"), body.get("errors")
    if isinstance(base, dict) and base.get("status_code"):
        return {"base_resp": base, "code": base["status_code"], "message": base.get("status_msg")}
    if isinstance(errors, list) and errors and not _ANSWERS & body.keys():
        return errors[0]
    sentence = any(isinstance(body.get(name), str) for name in ("msg", "message", "error_msg"))
    coded = any(body.get(name) not in (None, 0, "0", 200, "200") for name in ("code", "error_code"))
    return body if sentence and coded and not _ANSWERS & body.keys() else None


_TELLS = frozenset(
    {"error", "type", "base_resp", "errors", "msg", "message", "error_msg", "code", "error_code"}
)
"""What an error has one of, beside `object`."""
_ANSWERS = frozenset(
    {"choices", "content", "output", "candidates", "response", "delta", "id", "embedding", "data"}
)
"""What only an answer has."""


def error_of(body: object) -> object:
    """Return the error object in a body that is known to be an error: itself, where it is not wrapped."""
    if isinstance(body, list) and body:
        return error_of(body[0])
    found = error_in(body)
    return body if found is None else found
