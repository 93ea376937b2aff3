"""`quancheng verify`: check a package offline. No server, no database; one file in, a verdict per claim out."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_contract.client.misuse import os_sentence, refuse, regular_file
from mobile_contract.client.verify_bag import read_bag
from mobile_contract.client.verify_monitoring import verify_record, verify_rounds
from mobile_contract.client.verify_origin import Trust, verify_log, verify_signer
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
from schemas.claim import ClaimFault, PackageClaim
from schemas.errors import Invalid
from schemas.intake import IntakeManifest
from schemas.integrity import Outcome
from schemas.refusals_command import FILE_UNREADABLE, TRUST_INVALID
from schemas.visible import printable
from schemas.words_claim import NOT_PROVEN, PACKAGE_CLAIMS
from schemas.words_line import OUTCOMES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

HOLDS, FAILS, MISUSED, NOT_UNDERSTOOD = 0, 1, 2, 4
"""3 is what commands say of a server that cannot be reached; 4: of a kind that this program does not know."""

MARKS = {Outcome.VERIFIED: "✓", Outcome.MISMATCH: "✗", Outcome.NOT_CHECKED: "○"}
MAX_TRUST_BYTES = 1024 * 1024


def verify_package(path: Path, trust: Trust | None) -> Report:
    """Check every claim a package makes; memory stays flat whatever its size.

    Args:
        path: The package.
        trust: Keys obtained apart from it; without them every claim of origin is `not_checked`.

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
    if bag.index is None:
        return ledger.report()
    case = read_case(bag, bag.index, trust, checkpoint, ledger)
    verify_catalogue(case)
    verify_shown(case)
    verify_request(case)
    verify_chains(case)
    verify_scope(case)
    evidence = _verify_evidence(case)
    verify_rounds(case)
    verify_layout(case)
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
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(args: argparse.Namespace) -> int:
    """Check one package, print the report and return the exit code."""
    try:
        trust = None if args.trust is None else read_trust(args.trust)
        regular_file(args.package)
        report = verify_package(args.package, trust)
    except OSError as err:
        code, text = os_sentence(err, args.package)
        return refuse(args, code, text, problem=FILE_UNREADABLE.slug, holds=False)
    except Invalid as err:
        return refuse(args, MISUSED, err.detail, problem=err.slug, holds=False)
    if args.json:
        print(json.dumps(report_json(report), ensure_ascii=False))  # noqa: T201
    else:
        _print_report(args.package, report)
    if report.is_not_understood:
        return NOT_UNDERSTOOD
    return HOLDS if report.holds else FAILS


def read_trust(path: Path) -> Trust:
    """Read a trust file.

    Raises:
        OSError: the file cannot be read.
        Invalid: it is no trust file.
    """
    regular_file(path)
    with path.open("rb") as stream:
        payload = stream.read(MAX_TRUST_BYTES + 1)
    if len(payload) > MAX_TRUST_BYTES:
        raise _no_trust(path, "it is too long")
    try:
        return Trust.parse(json.loads(payload))
    except (ValueError, RecursionError) as err:
        raise _no_trust(path, "it is not JSON") from err
    except Invalid as err:
        raise _no_trust(path, err.detail) from err


def _no_trust(path: Path, why: str) -> Invalid:
    return TRUST_INVALID(f"信任文件无效 not a trust file ({why}): {path}")


def report_json(report: Report) -> dict[str, object]:
    """Return the report as JSON members."""
    return {
        "holds": report.holds,
        "understood": not report.is_not_understood,
        "anchored": report.is_anchored,
        "story": None if report.story is None else report.story.model_dump(mode="json"),
        "claims": [claim.to_json() for claim in report.claims],
        "not_proven": [
            {"slug": limit.value, "zh": words.zh, "en": words.en} for limit, words in NOT_PROVEN.items()
        ],
    }


def _print_report(path: Path, report: Report) -> None:
    from rich.console import Console  # noqa: PLC0415 - `--json` needs no table

    console = Console(highlight=False)
    if report.story is not None:
        console.print(_one_line(headline(report.story)), markup=False, style="bold", soft_wrap=True)
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


def _print_verdict(console: "Console", report: Report) -> None:
    if not report.is_anchored:
        console.print(
            "\n⚠ 未给出信任文件，以上不能说明此包出自何处：请从包以外的途径取得信任文件，再加 --trust 核验。\n"
            "No trust anchor: nothing above tells where this package comes from. "
            "Get the trust file apart from the package and run again with --trust.",
            style="bold yellow",
            soft_wrap=True,
        )
    if report.holds and report.is_anchored:
        console.print("\n✓ 通过：全部必要结论成立 every required claim holds", style="bold green")
    elif report.holds:
        console.print("\n✓ 字节一致，来源未检查 bytes hold; origin not checked", style="bold yellow")
    elif report.is_not_understood:
        console.print(
            "\n○ 未能全部读懂：请用更新的版本核验 not all understood: verify with a newer version",
            style="bold yellow",
        )
    else:
        console.print("\n✗ 不符：至少一项必要结论不成立 a required claim does not hold", style="bold red")


def _table(path: Path, report: Report) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - `--json` needs no table

    table = Table(title=_one_line(f"核验 verify {path.name}"), title_justify="left")
    table.add_column("结论 claim")
    for outcome in Outcome:
        table.add_column(f"{MARKS[outcome]} {OUTCOMES[outcome].zh}", justify="right", no_wrap=True)
    counts = Counter((claim.claim, claim.outcome) for claim in report.claims)
    for one in PackageClaim:
        numbers = [counts[one, outcome] for outcome in Outcome]
        if any(numbers):
            words = PACKAGE_CLAIMS[one]
            table.add_row(f"{words.zh}\n[dim]{words.en}[/dim]", *(str(number or "–") for number in numbers))
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
