"""Compiles the regular expressions of a configuration.

With Rust's engine, which pydantic brings along: its time grows with the text and never explodes, which is why
it has neither look-around nor back-references. The limits below keep even its worst case under a second.
"""

from __future__ import annotations

import re

from pydantic_core import SchemaError, SchemaValidator, core_schema

from router.core.pattern import Pattern

MAX_LENGTH = 1_000
MAX_REPEATS = 1_000
"""The most a counted repetition may ask for, those inside one another multiplied as if all were."""
_COUNTED = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")


def compile_pattern(text: str) -> Pattern:
    """Compile one. Raises ValueError in words that follow its key's name."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    repeats = 1
    for least, most in _COUNTED.findall(text):
        repeats *= max(1, int(least[:9]), int(most[:9] or 0))
        if repeats > MAX_REPEATS:
            raise ValueError(
                f"repeats more than {MAX_REPEATS} times (all `{{n}}` multiplied); use `+`, or min_length"
            )
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=text, regex_engine="rust-regex"))
    except SchemaError as error:
        reason = str(error).rpartition("error: ")[2].strip()
        raise ValueError(f"is no pattern we can run: {reason}") from None
    return Pattern(text, validator.isinstance_python)
