"""What can come back from a provider and what it means: ordered rows, the first that fits decides.

Owns the rules as data and nothing else. A text that condemns a key or a model must stand at the start of the
message (`^`): further on it may be the caller's own prompt, echoed. A new kind of failure is a new row here
and a case in tests/data/faults.jsonl; a test takes every row out in turn and fails when no case notices.
"""

from __future__ import annotations

import re
from dataclasses import replace

from router.core.failures.exchange import Fault, StreamEnd
from router.core.failures.finish_reasons import (
    CUT_AT_LIMIT,
    FAILED,
    MODEL_FAILED,
    REFUSED,
    finish_is,
)
from router.core.failures.rules import FailureRule, Findings, Outcome, Rest
from router.core.records.diagnosis import (
    Action,
    FailureClass,
    HealthScope,
    Lacking,
    LedgerOutcome,
)

_AUTH = Outcome(FailureClass.AUTH, Action.DISABLE_AND_FALL_OVER, HealthScope.CREDENTIAL, Rest.CHANGE)
_BILLING = Outcome(FailureClass.BILLING, Action.DISABLE_AND_FALL_OVER, HealthScope.CREDENTIAL, Rest.CHANGE)
_BILLING_DATED = replace(_BILLING, rest=Rest.STATED)
_BILLING_MONTH = replace(_BILLING, rest=Rest.MONTH)
_GONE = Outcome(FailureClass.GONE, Action.DISABLE_AND_FALL_OVER, HealthScope.DEPLOYMENT, Rest.CHANGE)
_ENDPOINT_AUTH = replace(_AUTH, scope=HealthScope.PROVIDER_ENDPOINT)
_OTHER_TARGET = Outcome(FailureClass.BAD_REQUEST, Action.FALL_OVER_IF_CAPABLE, lacking=Lacking.CAPABILITY)
_LARGER = replace(_OTHER_TARGET, lacking=Lacking.WINDOW)
_BAD_REQUEST = Outcome(FailureClass.BAD_REQUEST, Action.RETURN_TO_CALLER)
_CONTENT = Outcome(FailureClass.CONTENT, Action.RETURN_TO_CALLER)
_RETRY = Outcome(FailureClass.TRANSIENT, Action.RETRY_SAME, HealthScope.DEPLOYMENT, Rest.HINT, default_s=2)
_FALL_OVER = Outcome(FailureClass.TRANSIENT, Action.FALL_OVER, HealthScope.DEPLOYMENT, Rest.HINT)
_COOL = Outcome(FailureClass.TRANSIENT, Action.COOLDOWN_AND_FALL_OVER, HealthScope.DEPLOYMENT, Rest.HINT)
_ENDPOINT_AWAY = replace(_COOL, scope=HealthScope.PROVIDER_ENDPOINT, default_s=30)
_MODEL_FAILED = Outcome(FailureClass.TRANSIENT, Action.RETRY_SAME, soft=True)
"""The model's own slip: asked again, it or another may do better; nobody rests for it."""
_QUOTA = Outcome(
    FailureClass.QUOTA_UNTIL_TIME, Action.COOLDOWN_AND_FALL_OVER, HealthScope.DEPLOYMENT, Rest.HINT
)
GOOGLE = frozenset({"gemini", "google"})
"""The vendor's own name and the one it has in price catalogues."""
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)
SUCCESS = range(200, 300)
NEAR_THE_WINDOW = 0.7
"""An unknown refusal of a request that fills so much of the window is tried on a larger one."""
OVERLOADED = frozenset({503, 521, 522, 523, 525, 526, 529, 530})
"""Overloaded, or an edge that could not reach the server behind it."""
BROKE_ON_THE_WAY = frozenset({408, 502, 503, 504, 520, 524})
"""Without an error of the API's own: something on the way gave up on a request that may have run."""
NO_PAGE_OF_THE_API = frozenset({401, 403, 404, 405, 410})
CONTEXT_WINDOW = (
    r"maximum context length|context window"
    r"|exceeds? (the |your )?(model's )?(maximum |available )?context"
    r"|reduce the length of the messages|maximum prompt length|exceeded model token limit"
    r"|does not fit in (the )?context|context length of only|context length is only"
    r"|prompt contains \d+ tokens|range of input length should be"
    r"|`inputs` (tokens \+|must have less than)|prompt超长|输入.{0,6}超"
)
"""How servers say that a prompt does not fit their model's window."""


DOES_NOT_FIT = (
    r"\b(input|prompt|context|messages?|tokens?|conversation|sequence)\b[^.]{0,60}"
    r"\b(exceed(s|ed|ing)?|(longer|larger|greater|more|higher) than)\b"
    r"|\b(prompt|input|context|conversation|messages?|sequence|request)\b[^.]{0,30}"
    r"\btoo (long|large|many tokens)"
    r"|\btoo (long|many)( \w+){0,2} (input|prompt|tokens?|context)"
)
"""The same in words that nobody has told us of: what is meant, and that there is too much of it."""
_OF_SOMETHING_ELSE = re.compile(
    r"max_(completion_|output_)?tokens|\bper (second|minute|hour|day|month)\b"
    r"|\b(rate|quota|budget|credit|balance)"
)


def _near_the_window(found: Findings) -> bool:
    share = found.exchange.input_share
    return share is not None and share >= NEAR_THE_WINDOW


def _blocked_prompt(found: Findings) -> bool:
    """Gemini answers a blocked prompt with a count of its tokens and no choice at all."""
    answer = found.exchange
    nothing = not answer.content_seen and answer.finish_reason is None and not answer.output_tokens
    return nothing and answer.usage_seen and answer.end is StreamEnd.EOF


CONNECTION = (
    FailureRule("tls-check-failed", _ENDPOINT_AUTH, faults=frozenset({Fault.TLS_VERIFY_FAILED})),
    FailureRule(
        "name-not-resolved",
        replace(_COOL, scope=HealthScope.PROVIDER_ENDPOINT),
        faults=frozenset({Fault.DNS_FAILURE}),
    ),
    FailureRule(
        "no-connection",
        replace(_COOL, also=HealthScope.PROVIDER_ENDPOINT),
        faults=frozenset({Fault.CONNECT_REFUSED, Fault.CONNECT_TIMEOUT}),
    ),
    FailureRule("request-never-written", _RETRY, faults=frozenset({Fault.CLOSED_BEFORE_WRITTEN})),
    FailureRule("more-headers-than-are-read", _MODEL_FAILED, faults=frozenset({Fault.HEAD_TOO_LARGE})),
    FailureRule("no-answer-to-a-sent-request", _FALL_OVER, when=lambda found: found.status is None),
)
PAGE = (
    FailureRule("redirected-to-a-login", _AUTH, status=range(300, 400)),
    FailureRule("proxy-wants-credentials", _ENDPOINT_AUTH, status={407}),
    FailureRule(
        "a-page-on-the-way",
        _ENDPOINT_AWAY,
        status=NO_PAGE_OF_THE_API,
        when=lambda found: not found.said_by_the_api,
    ),
    FailureRule("a-page-that-wants-money", _ENDPOINT_AWAY, status={402}, when=lambda found: found.is_a_page),
)
ADDRESS = (
    FailureRule("key-refused", _AUTH, status={401}),
    FailureRule(
        "key-refused-as-a-bad-request",
        _AUTH,
        status={400},
        words=r"api_key_invalid|api_key_expired|invalid_api_key|unsupported_country_region_territory",
        text=r"^api key (not (valid|found)|expired)|^(invalid|incorrect) api key"
        r"|^this organization has been disabled|^user location is not supported"
        r"|^.{0,60}not available in your (country|region)",
    ),
)
MONEY = (
    FailureRule(
        "in-flight-budget",
        replace(_COOL, scope=HealthScope.CREDENTIAL),
        status=CLIENT_ERRORS,
        words=r"(openrouter_)?in_flight_budget(_exhausted)?",
    ),
    FailureRule(
        "balance-covers-fewer-tokens",
        replace(_OTHER_TARGET, failure_class=FailureClass.BILLING, lacking=Lacking.MONEY),
        status={402},
        words=r"weight_exceeds_budget",
        text=r"can only afford",
    ),
    FailureRule(
        "budget-spent-until-a-date",
        _BILLING_DATED,
        status={402, 403},
        when=lambda found: found.error.resets_at is not None,
    ),
    FailureRule(
        "key-budget-spent",
        _BILLING_DATED,
        status={403},
        words=r"[a-z_]*(budget|key_limit|spend_limit|credits)[a-z_]*",
        text=r"^key limit exceeded|^.{0,60}\bbudget\b.{0,40}\b(exceeded|reached|exhausted)\b",
    ),
    FailureRule(
        "spend-limit-of-the-month",
        _BILLING_MONTH,
        status=CLIENT_ERRORS,
        words=r"[a-z_]*spend_limit_(exceeded|reached)",
        text=r"^.{0,60}monthly (spend|spending|usage) (limit|cap)",
    ),
    FailureRule(
        "own-usage-limit-until-a-date",
        _BILLING_DATED,
        status=CLIENT_ERRORS,
        text=r"^you have reached your specified .{0,40}usage limits",
    ),
    FailureRule(
        "credit-spent-behind-another-status",
        _BILLING,
        status={400, 401, 403, 412, 429},
        words=r"insufficient_(quota|credits|balance|funds|user_quota)|credit_balance_exhausted"
        r"|billing_(error|disabled)|organization_usage_limit_exceeded|billing_hard_limit_reached"
        r"|billing_not_active|arrearage|exceeded_current_quota_error|accountoverdueerror"
        r"|allocationquota\.freetieronly|quota_not_enough|not_enough_balance|pre_consume_token_quota_failed",
        text=r"^your credit balance is too low|^your prepa\w+ credits|^insufficient (balance|credits)"
        r"|^your (newly created )?team .{0,60}(have any credits|used all available credits)"
        r"|^.{0,40}\baccount.{0,40}(balance is insufficient|insufficient balance|suspended|in arrears)"
        r"|余额不足|额度不足|欠费",
    ),
    FailureRule("payment-required", _BILLING, status={402}),
)
REQUEST = (
    FailureRule(
        "request-larger-than-the-limit",
        replace(_OTHER_TARGET, lacking=Lacking.TOKEN_RATE),
        status={413, 429},
        text=r"^request too large|^.{0,30}required for long context requests",
    ),
    FailureRule("body-too-large", _OTHER_TARGET, status={413}),
    FailureRule(
        "answer-limit-too-large",
        _BAD_REQUEST,
        status={400, 422},
        text=r"^\W?max_(completion_|output_)?tokens\W.{0,60}\btoo large",
    ),
    FailureRule(
        "context-window-exceeded",
        _LARGER,
        status={400, 413, 422, 500},
        words=r"context_length_exceeded|exceed_context_size_error|string_above_max_length|string_too_long"
        r"|model_max_prompt_tokens_exceeded|context_window_exceeded",
        text=CONTEXT_WINDOW,
    ),
    FailureRule(
        "capability-missing",
        _OTHER_TARGET,
        status={400, 404},
        text=r"no endpoints found that (support|can handle)"
        r"|does not support (tools?|tool (use|calling)|function calling|images?|image input|vision)\b"
        r"|does not support (audio|thinking|chat|generate)\b",
    ),
    FailureRule(
        "no-endpoint-fits-this-request",
        _OTHER_TARGET,
        status={404},
        when=lambda found: bool({"context_length", "require_parameters"} & set(found.error.excluded_by)),
    ),
    FailureRule(
        "content-refused",
        _CONTENT,
        status={400, 403, 422},
        words=r"content_policy_violation|content_filter|moderation_blocked|responsibleaipolicyviolation|refusal"
        r"|prohibited_content|image_content_policy_violation",
        text=r"input was flagged|prompt was flagged|content filtering policy|content exists risk"
        r"|rejected as a result of our safety system|request blocked"
        r"|violat\w+ (our |of our )?(usage|content)",
    ),
    FailureRule(
        "content-refused-with-reasons", _CONTENT, status={400, 403}, when=lambda found: found.error.blocked
    ),
    FailureRule(
        "prompt-refused",
        _CONTENT,
        status={400},
        words=r"invalid_prompt",
        # OpenRouter's word of the same name means a message that is built wrongly.
        when=lambda found: found.exchange.vendor != "openrouter",
    ),
)
BEHIND_ANOTHER_STATUS = (
    FailureRule(
        "rate-limited-behind-another-status",
        _QUOTA,
        status={400, 403, 422},
        words=r"rate_limit_(exceeded|error|reached_error)|too_many_requests|toomanyrequests(exception)?"
        r"|throttling(exception)?|throttling\.[a-z]+|requests?_limit_exceeded",
        text=r"^.{0,60}\brate limit (exceeded|reached)|^too many requests|^(request )?throttl",
    ),
    FailureRule(
        "model-failed-itself",
        _MODEL_FAILED,
        status={400, 422, 500},
        words=r"tool_use_failed|json_validate_failed|output_parse_failed|malformed_function_call",
        text=r"^failed to (call a function|generate json|validate json|parse tool call)"
        r"|^tool call validation failed",
    ),
)
MODEL = (
    FailureRule(
        "comes-back-says-the-server",
        _FALL_OVER,
        status={404},
        when=lambda found: found.error.retryable is True,
    ),
    FailureRule(
        "model-gone",
        _GONE,
        status={400, 403, 422, 500},
        words=r"model_not_found|model_decommissioned|model_deprecated|model_not_available|invalid_model"
        r"|region_restricted|model_permission_blocked_[a-z]+",
        text=r"^model not exist|^\S+ is not a valid model"
        r"|^the model .{0,80}has been (decommissioned|deprecated)"
        r"|^(the )?(requested )?model\b.{0,80}(does not exist|not found|is not available)",
    ),
    FailureRule(
        "model-not-pulled",
        replace(_GONE, probe_s=60),
        status={404},
        text=r"^model .{0,80}not found, (try|pull)",
    ),
    FailureRule("not-found", _GONE, status={404, 410}),
    FailureRule("forbidden", _AUTH, status={403}),
)
LIMITS = (
    FailureRule(
        "no-quota-at-all",
        replace(_BILLING, scope=HealthScope.DEPLOYMENT),
        status={429},
        vendors=GOOGLE,
        when=lambda found: found.error.quota_is_zero,
    ),
    FailureRule(
        "google-day-quota",
        replace(_QUOTA, rest=Rest.PACIFIC_DAY),
        status={429},
        when=lambda found: any("perday" in quota_id for quota_id in found.error.quota_ids),
    ),
    FailureRule(
        "free-models-day-limit",
        replace(_QUOTA, scope=HealthScope.ACCOUNT_FREE_TIER, rest=Rest.UTC_DAY),
        status={429},
        text=r"free-models-per-day|free model requests per day",
    ),
    FailureRule(
        "free-models-limit",
        replace(_QUOTA, scope=HealthScope.ACCOUNT_FREE_TIER),
        status={429},
        text=r"free-models-per-",
    ),
    FailureRule(
        "asked-to-slow-down",
        replace(_COOL, default_s=30),
        status={429, 503},
        words=r"slow_down",
    ),
    FailureRule(
        "usage-grew-too-fast",
        replace(_QUOTA, default_s=30),
        status={429},
        text=r"usage increase rate|acceleration limit",
    ),
    FailureRule(
        "day-limit",
        replace(_QUOTA, rest=Rest.UTC_DAY),
        status={429},
        text=r"\b(requests|tokens) per day\b|\((rpd|tpd)\)"
        r"|\bdaily (rate |usage |request |token )?(limit|quota)"
        r"|\b(weekly|monthly) (rate |usage |request |token |message )?(limit|quota)",
    ),
    FailureRule("rate-limited", _QUOTA, status={429}),
)
SERVER = (
    FailureRule("retry-once", _RETRY, status={408, 409}),
    FailureRule(
        "out-of-memory",
        replace(_COOL, default_s=30, ledger=LedgerOutcome.VOID),
        status=SERVER_ERRORS,
        text=r"out of memory|requires more system memory|unable to allocate|cudamalloc|failed to allocate",
    ),
    FailureRule(
        "model-loading",
        replace(_COOL, rest=Rest.LOADING, ledger=LedgerOutcome.VOID, soft=True),
        status={500, 503},
        text=r"\bloading (the )?model\b|\bmodel (is |is still |is currently )?(being )?load(ing|ed)\b",
    ),
    FailureRule("overloaded", _COOL, status=OVERLOADED),
    FailureRule(
        "does-not-fit-in-other-words",
        _LARGER,
        status={400, 413, 422, 500},
        text=DOES_NOT_FIT,
        when=lambda found: not _OF_SOMETHING_ELSE.search(found.message),
    ),
    FailureRule("bad-request-near-the-window", _LARGER, status={400, 422}, when=_near_the_window),
    FailureRule("bad-request-by-a-page", _FALL_OVER, status={400, 422}, when=lambda found: found.is_a_page),
    FailureRule("bad-request", _BAD_REQUEST, status={400, 422}),
    FailureRule(
        "refused-for-an-unknown-reason",
        _FALL_OVER,
        when=lambda found: found.status is not None and found.status not in SUCCESS,
    ),
)
ANSWER = (
    FailureRule("prompt-blocked-without-a-word", _CONTENT, vendors=GOOGLE, when=_blocked_prompt),
    FailureRule("answer-not-whole", _COOL, when=lambda found: not found.whole),
    FailureRule("answer-refused", _CONTENT, when=finish_is(*REFUSED)),
    FailureRule(
        "limit-reached-before-an-answer",
        _BAD_REQUEST,
        when=lambda found: finish_is(*CUT_AT_LIMIT)(found) and not found.answered,
    ),
    FailureRule("finish-reason-of-a-failure", _COOL, when=finish_is(*FAILED)),
    FailureRule("finish-reason-of-a-slip", _MODEL_FAILED, when=finish_is(*MODEL_FAILED)),
    FailureRule(
        "empty-answer",
        _RETRY,
        when=lambda found: not found.exchange.delivered and not found.answered,
    ),
    FailureRule("answered", Outcome(FailureClass.OK, Action.CONTINUE)),
)
RULES = (
    *(*CONNECTION, *PAGE, *MONEY, *ADDRESS, *REQUEST, *BEHIND_ANOTHER_STATUS),
    *(*MODEL, *LIMITS, *SERVER, *ANSWER),
)
"""All of them, in the order in which they are asked."""
