"""`cockpit doctor`: looks at machine, terminal, configuration and ledger, and says what to do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click

from cockpit.commands.prices import odd_prices, told
from cockpit.commands.prices_update import in_use
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table
from router.app.configuration import load_config
from router.app.upkeep import (
    embedded_unavailable,
    kept_answers,
    ledger_differences,
    ledger_state,
    mispriced,
    sqlite_warning,
)
from router.config.paths import Paths
from router.errors import ConfigError, LedgerError


class DoctorVerdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing looked at."""

    check: str
    verdict: DoctorVerdict
    detail: str
    """What was found, and where it is not well, what to do."""


@click.command(help="Look at this machine, terminal, configuration and ledger for what could go wrong.")
@click.option("--deep", is_flag=True, help="Add up every row of the ledger and compare; takes a while.")
@common_options
@click.pass_obj
def command(options: Options, deep: bool) -> None:
    """Print every finding; exit 1 when one of them fails."""
    findings = list(examine(options))
    if deep:
        findings.append(_sums(Paths.of(os.environ, ledger=options.ledger).ledger))
    if options.json:
        print_json([{"check": f.check, "verdict": f.verdict, "detail": f.detail} for f in findings])
    else:
        print_table(("check", "", "found"), [(f.check, f.verdict, f.detail) for f in findings])
    sys.exit(1 if any(finding.verdict is DoctorVerdict.FAIL for finding in findings) else 0)


def examine(options: Options) -> Iterator[DoctorFinding]:
    """Yield one finding per check."""
    yield _finding("python", f"{sys.version.split()[0]} on {sys.platform}")
    yield from _terminal(os.environ)
    yield _warned("sqlite", sqlite_warning(), "new enough for two processes on one ledger")
    yield _warned("embedded model", embedded_unavailable(), "the wheel and the weights are here")
    yield from _configuration(options)
    yield _warned("prices", in_use().problem, f"catalogue {in_use().version}")
    ledger = Paths.of(os.environ, ledger=options.ledger).ledger
    yield _tried("ledger", lambda: ledger_state(ledger))
    yield _tried("kept answers", lambda: _kept(ledger))
    yield from _bills(ledger)


def _terminal(environ: os._Environ[str]) -> Iterator[DoctorFinding]:
    term, size = environ.get("TERM", ""), shutil.get_terminal_size((0, 0))
    if term in {"", "dumb"}:
        yield DoctorFinding(
            "terminal", DoctorVerdict.WARN, f"TERM is {term or 'not set'}: screens are printed as plain text"
        )
    elif size.columns and (size.columns < 60 or size.lines < 16):
        yield DoctorFinding(
            "terminal", DoctorVerdict.WARN, f"{size.columns}x{size.lines}: make it at least 60x16"
        )
    else:
        yield _finding(
            "terminal",
            f"{term}, {size.columns}x{size.lines}" + (", NO_COLOR" if "NO_COLOR" in environ else ""),
        )
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        yield DoctorFinding(
            "encoding", DoctorVerdict.WARN, f"{encoding or 'unknown'}: set LANG to a UTF-8 locale"
        )
    if "SSH_CONNECTION" in environ:
        yield _finding("ssh", "a remote session: `ssh -C` makes screens arrive in a fraction of the bytes")


def _configuration(options: Options) -> Iterator[DoctorFinding]:
    try:
        config = load_config(options.config)
    except ConfigError as error:
        yield DoctorFinding("configuration", DoctorVerdict.FAIL, str(error))
        return
    off = [deployment for deployment in config.deployments.values() if deployment.off]
    yield _finding(
        "configuration", f"{config.source}, {len(config.deployments) - len(off)} deployments usable"
    )
    odd = odd_prices(config.deployments.values())
    for deployment in off:
        if deployment.name not in odd:
            yield _finding(f"  {deployment.name}", f"off: {deployment.off}")
    for name, verdict in odd.items():
        yield DoctorFinding(f"  price of {name}", DoctorVerdict.WARN, told(verdict))


def _kept(path: Path) -> str:
    """Say what the ledger holds of answers' text: the one place where any is stored."""
    answers, size = kept_answers(path)
    if not answers:
        return "none: only routes with `cache: true` keep any"
    held = f"{answers:,} with {size:,} bytes of text"
    return f"{held}, for routes with `cache: true`; `cockpit forget` removes them"


def _sums(path: Path) -> DoctorFinding:
    """Compare what is read on every screen with what the rows add up to."""
    try:
        differing = ledger_differences(path)
    except LedgerError as error:
        return DoctorFinding("ledger sums", DoctorVerdict.FAIL, str(error))
    if not differing:
        return _finding("ledger sums", "every sum equals its rows")
    shown = "; ".join(differing[:3])
    return DoctorFinding(
        "ledger sums", DoctorVerdict.FAIL, f"{len(differing):,} sums differ from their rows: {shown}"
    )


def _bills(ledger: Path) -> Iterator[DoctorFinding]:
    """Name what is billed at other rates than it is priced; a ledger that cannot be read is told already."""
    with suppress(LedgerError):
        for mismatch in mispriced(ledger):
            yield DoctorFinding(f"  bills of {mismatch.deployment}", DoctorVerdict.WARN, mismatch.words)


def _finding(check: str, detail: str) -> DoctorFinding:
    return DoctorFinding(check, DoctorVerdict.OK, detail)


def _warned(check: str, warning: str | None, fine: str) -> DoctorFinding:
    return (
        DoctorFinding(check, DoctorVerdict.WARN, warning)
        if warning
        else DoctorFinding(check, DoctorVerdict.OK, fine)
    )


def _tried(check: str, look: Callable[[], str]) -> DoctorFinding:
    try:
        return DoctorFinding(check, DoctorVerdict.OK, look())
    except LedgerError as error:
        return DoctorFinding(check, DoctorVerdict.FAIL, str(error))
