"""Holds the libraries that the image ships against the list of what they are licensed under: none is GPL without exception.

    python -m image.licences SITE_PACKAGES

The list is `licences.json`: what a wheel bundles by its folder and name, without version and hash; of a choice of licences
the one that is taken, and of x264 and x265 that of our empty stand-ins. A library that is not in the list, or whose bytes
are those of one of these encoders, ends the build.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_LIST = Path(__file__).with_name("licences.json")
_HASHED = re.compile(r"(lib\w+?(?:[-_][a-z]\w*)*?)(?:-r0)?(?:-[0-9a-f]{8})+\.")
_PLAIN = re.compile(r"(lib\w+?)\.so")
_ENCODERS = (b"H.264/MPEG-4 AVC codec - Copy", b"H.265/HEVC codec")
"""What the two encoders write into each film that they make: it stands in them, whatever their file is called."""


def licences() -> Mapping[str, Mapping[str, str]]:
    """Return what each bundled library is licensed under, by folder and name."""
    listed: Mapping[str, Mapping[str, str]] = json.loads(_LIST.read_text(encoding="utf-8"))
    return listed


def bundled(site: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield folder, name and path of each library in `site` that a wheel bundles beside its own modules."""
    for path in sorted(site.rglob("lib*.so*")):
        found = _HASHED.match(path.name) or _PLAIN.match(path.name)
        if found is not None and path.is_file():
            yield path.relative_to(site).parts[0], found[1], path


def faults(site: Path) -> list[str]:
    """Return what is wrong with the libraries of an installation, as sentences."""
    known, met = licences(), []
    for folder, name, path in bundled(site):
        licence = known.get(folder, {}).get(name)
        if licence is None:
            met.append(f"{folder}/{name} is not in the list of licences")
        elif any(_is_gpl(one) for one in licence.split(" AND ")):
            met.append(f"{folder}/{name} is under {licence}")
        body = path.read_bytes() if folder == "av.libs" or "x26" in name else b""
        if any(mark in body for mark in _ENCODERS):
            met.append(f"{folder}/{path.name} is an encoder under the GPL")
    return met


def _is_gpl(licence: str) -> bool:
    """Say whether one licence is the GPL or AGPL; an exception lets what links with it be under another."""
    return licence.startswith(("GPL-", "AGPL-")) and " WITH " not in licence


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    for sentence in wrong:
        print(sentence, file=sys.stderr)  # noqa: T201 - what the build shows
    sys.exit(bool(wrong))
