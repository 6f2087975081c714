"""Token counts in one normal form, whatever the wire called them.

`values` has the normal form, the other modules one wire family each; `counts` is what they read with. Pure:
nothing here knows prices, or how a stream is framed (`core/usage/transcript.py` does).
"""

from router.core.records.usage import NO_USAGE, Usage
from router.core.usage.anthropic import read_anthropic
from router.core.usage.gemini import read_gemini
from router.core.usage.ollama import read_ollama
from router.core.usage.openai import read_openai
from router.core.usage.values import NOTHING_READ, Audio, UsageReading, cut_short, merge, merge_all

__all__ = [
    "NOTHING_READ",
    "NO_USAGE",
    "Audio",
    "Usage",
    "UsageReading",
    "cut_short",
    "merge",
    "merge_all",
    "read_anthropic",
    "read_gemini",
    "read_ollama",
    "read_openai",
]
