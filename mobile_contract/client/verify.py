"""`quancheng verify`: check a package offline. No server, no database; one file in, a verdict per claim out."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_contract.client.misuse import os_sentence, quiet_end, refuse, regular_file
from mobile_contract.client.verify_bag import read_bag
from mobile_contract.client.verify_history import verify_history
from mobile_contract.client.verify_monitoring import verify_record, verify_rounds
from mobile_contract.client.verify_names import verify_names, verify_number
from mobile_contract.client.verify_origin import Trust, verify_end, verify_log, verify_signer
from mobile_contract.client.verify_record import (
    Case,
    read_case,
    verify_catalogue,
    verify_chains,
    verify_request,
    verify_shown,
)
from mobile_contract.client.verify_recording import verify_recording
from mobile_contract.client.verify_report import Claim, Ledger, Report
from mobile_contract.client.verify_scope import standing, verify_layout, verify_scope
from mobile_contract.client.verify_speech import headline, sentences
from mobile_contract.client.verify_story import tell
from mobile_contract.client.verify_ticket import verify_registered, verify_tickets
from mobile_contract.client.verify_told import Story
from schemas.claim import ClaimFault, PackageClaim, PackageVerdict, voucher
from schemas.consistency import Given, parse_given
from schemas.errors import Invalid
from schemas.intake import IntakeManifest
from schemas.integrity import Outcome
from schemas.refusals_command import FILE_UNREADABLE, TRUST_INVALID
from schemas.visible import printable
from schemas.words_claim import NOT_PROVEN, PACKAGE_CLAIMS, PACKAGE_VERDICTS, VOUCHED
from schemas.words_line import OUTCOMES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MISUSED = 2
"""All others are a verdict's (`PackageVerdict.exit_code`). No server is asked, so 3 is the unknown origin alone."""

MARKS = {Outcome.VERIFIED: "✓", Outcome.MISMATCH: "✗", Outcome.NOT_CHECKED: "○"}
_SIGNS = {
    PackageVerdict.HOLDS: "✓",
    PackageVerdict.FAILS: "✗",
    PackageVerdict.ORIGIN_UNKNOWN: "○",
    PackageVerdict.NOT_UNDERSTOOD: "○",
}
_COLOURS = {
    PackageVerdict.HOLDS: "green",
    PackageVerdict.FAILS: "red",
    PackageVerdict.ORIGIN_UNKNOWN: "yellow",
    PackageVerdict.NOT_UNDERSTOOD: "yellow",
}
MAX_TRUST_BYTES = 1024 * 1024


def verify_package(
    path: Path, trust: Trust | None, *, number: str | None = None, given: Given | None = None
) -> Report:
    """Check every claim a package makes; memory grows with its record and never with its originals.

    Args:
        path: The package.
        trust: Keys obtained apart from it; without them every claim of origin is `not_checked`.
        number: The case's number, as whoever checks expects it.
        given: A proof between the two checkpoints that the log published, where the files do not reach.

    Raises:
        OSError: the file cannot be read.
    """
    ledger = Ledger(is_anchored=trust is not None)
    with path.open("rb") as stream:
        bag = read_bag(stream, ledger)
    if bag is None:
        return ledger.report()
    verify_signer(bag, trust, ledger)
    checkpoint = verify_log(bag, trust, ledger)
    verify_end(bag, trust, checkpoint, ledger)
    verify_history(bag, trust, checkpoint, given, ledger)
    verify_tickets(bag, ledger)
    verify_registered(bag, ledger)
    if bag.index is None:
        return ledger.report()
    case = read_case(bag, bag.index, trust, checkpoint, ledger)
    verify_catalogue(case)
    verify_shown(case)
    verify_request(case)
    verify_number(case, number, path.name)
    verify_chains(case)
    verify_scope(case)
    evidence = _verify_evidence(case)
    verify_rounds(case)
    verify_layout(case)
    verify_names(case)
    story = tell(case.record, case.of, case.request, checkpoint, grounds=case.grounds, evidence=evidence)
    return ledger.report(story)


def _verify_evidence(case: Case) -> set[str]:
    """Look at what is tied to the case and return it; the pictures of a record are recordings of the case too."""
    recordings = dict.fromkeys(standing(case, "recording"))
    intakes: dict[str, IntakeManifest | None] = {}
    monitoring = standing(case, "monitoring")
    for record in monitoring:
        recordings |= dict.fromkeys(verify_record(case, record, intakes))
    for recording in recordings:
        verify_recording(case, recording)
    return {*monitoring, *recordings}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `quancheng verify`."""
    parser.add_argument("package", type=Path, metavar="FILE", help="the package to check")
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="FILE",
        help="trust file (GET /v1/trust), obtained apart from the package",
    )
    add_consistency(parser)
    parser.add_argument(
        "--case", metavar="NUMBER", help="the case's number as you expect it; a package of another case fails"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def add_consistency(parser: argparse.ArgumentParser) -> None:
    """Add the argument by which a proof between two checkpoints is given."""
    parser.add_argument(
        "--consistency",
        type=Path,
        metavar="FILE",
        help="proof between its checkpoint and the trust file's (GET /v1/log/consistency)",
    )


def run(args: argparse.Namespace) -> int:
    """Check one package, print the report and return the exit code."""
    try:
        trust = None if args.trust is None else read_trust(args.trust)
        regular_file(args.package)
        given = None if args.consistency is None else read_given(args.consistency)
        report = verify_package(args.package, trust, number=args.case, given=given)
    except OSError as err:
        _, text = os_sentence(err, args.package)
        return refuse(args, MISUSED, text, problem=FILE_UNREADABLE.slug, holds=False)
    except Invalid as err:
        return refuse(args, MISUSED, err.detail, problem=err.slug, holds=False)
    with quiet_end():
        if args.json:
            print(json.dumps(report_json(report), ensure_ascii=False), flush=True)  # noqa: T201
        else:
            _print_report(args.package, report)
    return report.verdict.exit_code


def read_trust(path: Path) -> Trust:
    """Read a trust file.

    Raises:
        OSError: the file cannot be read.
        Invalid: it is no trust file.
    """
    try:
        return Trust.parse(json.loads(_short(path)))
    except (ValueError, RecursionError) as err:
        raise _no_trust(path, "it is not JSON") from err
    except Invalid as err:
        raise _no_trust(path, err.detail) from err


def read_given(path: Path) -> Given:
    """Read a proof of consistency that the log published.

    Raises:
        OSError: the file cannot be read.
        Invalid: it is none.
    """
    try:
        return parse_given(_short(path).decode("utf-8", "replace"))
    except Invalid as err:
        raise _no_trust(path, err.detail) from err


def _short(path: Path) -> bytes:
    regular_file(path)
    with path.open("rb") as stream:
        payload = stream.read(MAX_TRUST_BYTES + 1)
    if len(payload) > MAX_TRUST_BYTES:
        raise _no_trust(path, "it is too long")
    return payload


def _no_trust(path: Path, why: str) -> Invalid:
    return TRUST_INVALID(f"信任文件无效 not a trust file ({why}): {path}")


def report_json(report: Report) -> dict[str, object]:
    """Return the report as JSON members."""
    return {
        "holds": report.holds,
        "verdict": report.verdict.value,
        "exit_code": report.verdict.exit_code,
        "understood": report.verdict is not PackageVerdict.NOT_UNDERSTOOD,
        "anchored": report.is_anchored,
        "story": None if report.story is None else report.story.model_dump(mode="json"),
        "claims": [claim.to_json() for claim in report.claims],
        "not_proven": [
            {"slug": limit.value, "zh": words.zh, "en": words.en} for limit, words in NOT_PROVEN.items()
        ],
    }


def _print_report(path: Path, report: Report) -> None:
    console = _console()
    if report.story is not None:
        console.print(_one_line(_headline(report, report.story)), markup=False, style="bold", soft_wrap=True)
    console.print(_table(path, report))
    for line in () if report.story is None else sentences(report.story):
        console.print(_one_line(line), markup=False, soft_wrap=True)
    for claim in report.claims:
        if claim.outcome is not Outcome.VERIFIED and claim.code is not ClaimFault.NO_TRUST_ANCHOR:
            console.print(_line(claim), markup=False, style=_style(claim), soft_wrap=True)
    console.print("\n本包不能证明 Not proven by this package:", style="bold")
    for words in NOT_PROVEN.values():
        console.print(f"  – {words.zh}\n    {words.en}", markup=False, soft_wrap=True)
    _print_verdict(console, report)


def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415 - `--json` needs no table

    class Piped(Console):
        def on_broken_pipe(self) -> None:  # its own way of ending would hide the verdict in the exit code 1
            raise BrokenPipeError

    return Piped(highlight=False)


def _headline(report: Report, story: Story) -> str:
    """Return the first line: of which case, and before it what stands against believing a word of it."""
    doubt = "" if report.holds else f"{_SIGNS[report.verdict]} {PACKAGE_VERDICTS[report.verdict]} · "
    return doubt + headline(story)


def _print_verdict(console: "Console", report: Report) -> None:
    if not report.is_anchored:
        console.print(
            "\n⚠ 未给出信任文件，以上不能说明此包出自何处：请从包以外的途径取得信任文件，再加 --trust 核验。\n"
            "No trust anchor: nothing above tells where this package comes from. "
            "Get the trust file apart from the package and run again with --trust.",
            style="bold yellow",
            soft_wrap=True,
        )
    said = f"{_SIGNS[report.verdict]} {PACKAGE_VERDICTS[report.verdict]}"
    console.print(f"\n{said}", style=f"bold {_COLOURS[report.verdict]}", soft_wrap=True)


def _table(path: Path, report: Report) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - `--json` needs no table

    table = Table(title=_one_line(f"核验 verify {path.name}"), title_justify="left")
    table.add_column("结论 claim")
    table.add_column("由谁保证 vouched for by")
    for outcome in Outcome:
        table.add_column(f"{MARKS[outcome]} {OUTCOMES[outcome].zh}", justify="right", no_wrap=True)
    counts = Counter((claim.claim, claim.outcome) for claim in report.claims)
    for one in PackageClaim:
        numbers = [counts[one, outcome] for outcome in Outcome]
        if any(numbers):
            words = PACKAGE_CLAIMS[one]
            by = VOUCHED[voucher(one)]
            said = (f"{words.zh}\n[dim]{words.en}[/dim]", f"{by.zh}\n[dim]{by.en}[/dim]")
            table.add_row(*said, *(str(number or "–") for number in numbers))
    return table


def _one_line(text: str) -> str:
    return printable(text.replace("\n", "\N{REPLACEMENT CHARACTER}"))


def _line(claim: Claim) -> str:
    scope = "" if claim.is_required else " (不作要求 not required)"
    detail = f" [{claim.detail}]" if claim.detail else ""
    about = f"{MARKS[claim.outcome]} {PACKAGE_CLAIMS[claim.claim].zh} {claim.subject}"
    return _one_line(f"{about}: {claim.words} ({claim.claim}: {claim.code}){detail}{scope}")


def _style(claim: Claim) -> str:
    if claim.outcome is Outcome.NOT_CHECKED:
        return "yellow"
    return "red" if claim.is_required else "magenta"


def main() -> int:
    """Verify without the other commands: `python -m mobile_contract.client.verify FILE --trust FILE`."""
    parser = argparse.ArgumentParser(prog="verify", description="Check an export package offline.")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
