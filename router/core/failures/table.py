"""What can come back from a provider and what it means: ordered rows, the first that fits decides.

Owns the rules as data and nothing else. A text that condemns a key or a model must stand at the start of the
message (`^`): further on it may be the caller's own prompt, echoed. A new kind of failure is a new row here
and a case in tests/data/faults.jsonl; a test takes every row out in turn and fails when no case notices.
"""

from __future__ import annotations

from dataclasses import replace

from router.core.failures.exchange import Fault, StreamEnd
from router.core.failures.finish_reasons import CUT_AT_LIMIT, FINISHED, REFUSED, finish_is
from router.core.failures.rules import FailureRule, Findings, Outcome, Rest
from router.core.records.diagnosis import Action, FailureClass, HealthScope, LedgerOutcome

_AUTH = Outcome(FailureClass.AUTH, Action.DISABLE_AND_FALL_OVER, HealthScope.CREDENTIAL, Rest.CHANGE)
_BILLING = Outcome(FailureClass.BILLING, Action.DISABLE_AND_FALL_OVER, HealthScope.CREDENTIAL, Rest.CHANGE)
_BILLING_DATED = replace(_BILLING, rest=Rest.STATED)
_BILLING_MONTH = replace(_BILLING, rest=Rest.MONTH)
_GONE = Outcome(FailureClass.GONE, Action.DISABLE_AND_FALL_OVER, HealthScope.DEPLOYMENT, Rest.CHANGE)
_ENDPOINT_AUTH = replace(_AUTH, scope=HealthScope.PROVIDER_ENDPOINT)
_OTHER_TARGET = Outcome(FailureClass.BAD_REQUEST, Action.FALL_OVER_IF_CAPABLE)
_BAD_REQUEST = Outcome(FailureClass.BAD_REQUEST, Action.RETURN_TO_CALLER)
_CONTENT = Outcome(FailureClass.CONTENT, Action.RETURN_TO_CALLER)
_RETRY = Outcome(FailureClass.TRANSIENT, Action.RETRY_SAME, HealthScope.DEPLOYMENT, Rest.HINT, default_s=2)
_FALL_OVER = Outcome(FailureClass.TRANSIENT, Action.FALL_OVER, HealthScope.DEPLOYMENT, Rest.HINT)
_COOL = Outcome(FailureClass.TRANSIENT, Action.COOLDOWN_AND_FALL_OVER, HealthScope.DEPLOYMENT, Rest.HINT)
_QUOTA = Outcome(
    FailureClass.QUOTA_UNTIL_TIME, Action.COOLDOWN_AND_FALL_OVER, HealthScope.DEPLOYMENT, Rest.HINT
)
GOOGLE = frozenset({"gemini", "google"})
"""The vendor's own name and the one it has in price catalogues."""
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)
SUCCESS = range(200, 300)
NEVER_REACHED = frozenset({503, 521, 522, 523, 525, 526, 529, 530})
"""Overloaded, or an edge that could not reach the server behind it: nothing was served."""


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
    FailureRule("no-connection", _COOL, faults=frozenset({Fault.CONNECT_REFUSED, Fault.CONNECT_TIMEOUT})),
    FailureRule("request-never-written", _RETRY, faults=frozenset({Fault.CLOSED_BEFORE_WRITTEN})),
    FailureRule("no-answer-to-a-sent-request", _FALL_OVER, when=lambda found: found.status is None),
)
ADDRESS = (
    FailureRule("redirected-to-a-login", _AUTH, status=range(300, 400)),
    FailureRule("proxy-wants-credentials", _ENDPOINT_AUTH, status={407}),
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
        replace(_OTHER_TARGET, failure_class=FailureClass.BILLING),
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
        status={400, 403, 429},
        words=r"insufficient_(quota|credits|balance|funds)|credit_balance_exhausted|billing_(error|disabled)"
        r"|organization_usage_limit_exceeded|billing_hard_limit_reached|billing_not_active",
        text=r"^your credit balance is too low|^your prepa\w+ credits|^insufficient (balance|credits)"
        r"|^your (newly created )?team .{0,60}(have any credits|used all available credits)",
    ),
    FailureRule("payment-required", _BILLING, status={402}),
)
REQUEST = (
    FailureRule("body-too-large", _OTHER_TARGET, status={413}),
    FailureRule(
        "request-larger-than-the-limit",
        _OTHER_TARGET,
        status={429},
        text=r"^request too large|^.{0,30}required for long context requests",
    ),
    FailureRule(
        "answer-limit-too-large",
        _BAD_REQUEST,
        status={400, 422},
        text=r"^\W?max_(completion_|output_)?tokens\W.{0,60}\btoo large",
    ),
    FailureRule(
        "context-window-exceeded",
        _OTHER_TARGET,
        status={400, 422, 500},
        words=r"context_length_exceeded|exceed_context_size_error|string_above_max_length|string_too_long",
        text=r"maximum context length|prompt is too long|input token count|context window"
        r"|exceeds? (the |your )?(maximum |available )?context|reduce the length of the messages"
        r"|maximum prompt length|string too long",
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
        text=r"\b(requests|tokens) per day\b|\((rpd|tpd)\)|\bdaily (rate |usage |request |token )?limit",
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
    FailureRule("overloaded", _COOL, status=NEVER_REACHED),
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
    FailureRule(
        "finish-reason-of-a-failure",
        _COOL,
        when=lambda found: not finish_is(*FINISHED, *CUT_AT_LIMIT)(found),
    ),
    FailureRule(
        "empty-answer",
        replace(_RETRY, soft=True),
        when=lambda found: not found.exchange.delivered and not found.answered,
    ),
    FailureRule("answered", Outcome(FailureClass.OK, Action.CONTINUE)),
)
RULES = (*CONNECTION, *ADDRESS, *MONEY, *REQUEST, *MODEL, *LIMITS, *SERVER, *ANSWER)
"""All of them, in the order in which they are asked."""
