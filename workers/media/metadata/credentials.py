"""Content credentials (C2PA 2.x): what their signature says about the bytes, read offline and never a gate.

A photo without them is one like any other. No signer is trusted by itself: there is no list of roots unless somebody
pins one. The library calls a file invalid for two reasons that are not the same: bytes that were changed, and bytes that
a signer of before 2025 left out of the signature. They are told apart by its explanation.
"""

import io
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import c2pa

from schemas.checks.stills import CREDENTIALS
from schemas.integrity import Check, CheckResult, examines
from workers.media.metadata.exif_text import clean

_MARK = b"c2pa"
"""The label of every store of manifests: without it there is none."""

_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
_HASHES = ("assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch")
_ALTERED = frozenset({*_HASHES, "assertion.hashedURI.mismatch", "claimSignature.mismatch"})
_UNKNOWN = "signingCredential.untrusted"
_LEFT_OUT = "exclusion"

Failure = Mapping[str, Any]


@cache
def _readable() -> frozenset[str]:
    return frozenset(c2pa.Reader.get_supported_mime_types())


@examines(CREDENTIALS)
def check_credentials(
    check: Check, payload: bytes, media_type: str, places: Sequence[tuple[int, int]] | None = None
) -> CheckResult | None:
    """Say what the active manifest's signature is worth; a file without one gives no result.

    `places` are the stretches of the file in which a manifest can stand, where they are known.
    """
    stretches = ((0, len(payload)),) if places is None else places
    is_marked = any(payload.find(_MARK, start, end) >= 0 for start, end in stretches)
    if not is_marked or media_type not in _readable():
        return None
    try:
        # Settings of its own for each file: the library takes none across a fork.
        with (
            c2pa.Context(c2pa.Settings.from_dict(_OFFLINE)) as context,
            c2pa.Reader(media_type, io.BytesIO(payload), context=context) as reader,
        ):
            report = reader.json()
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as why:
        return check.found("c2pa-unreadable", reason=clean(why) or "c2pa")
    return _judged(check, _failures(report))


def _judged(check: Check, failures: Sequence[Failure]) -> CheckResult:
    if any(_is_altered(one) for one in failures):
        return check.found("c2pa-altered")
    if any(_is_left_out(one) for one in failures):
        return check.found("c2pa-bytes-unsigned")
    others = [str(one.get("code")) for one in failures if one.get("code") != _UNKNOWN]
    if others:
        return check.found("c2pa-not-valid", reason=others[0])
    return check.found("c2pa-signer-unknown") if failures else check.held()


def _failures(report: str) -> Sequence[Failure]:
    results = json.loads(report).get("validation_results") or {}
    failures: Sequence[Failure] = (results.get("activeManifest") or {}).get("failure") or ()
    return failures


def _is_altered(failure: Failure) -> bool:
    return failure.get("code") in _ALTERED and not _is_left_out(failure)


def _is_left_out(failure: Failure) -> bool:
    return failure.get("code") in _HASHES and _LEFT_OUT in str(failure.get("explanation"))
