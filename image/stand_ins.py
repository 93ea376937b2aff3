"""Takes x264 and x265 (GPL) out of the `av` wheel: nobody here calls them, and its libavcodec will not load without them.

    python -m image.stand_ins SITE_PACKAGES

Each is replaced by a library of the same name whose functions do nothing: decoders work as before, and who asks for one
of the two encoders is told that it cannot be opened. Needs a C compiler with its binutils; the image's build has them.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_ENCODERS = ("libx264", "libx265")
_REFUSES = "x264_param_default_preset"
"""The first call of the encoder: what is negative ends it."""

_DATA = "x264_levels"


def replace_all(site: Path) -> list[Path]:
    """Replace the encoders in `site/av.libs`; return what was replaced.

    Raises:
        FileNotFoundError: there is no compiler, or the wheel has another shape than it had.
    """
    libraries = site / "av.libs"
    users = [path for path in libraries.iterdir() if path.name.startswith("libavcodec")]
    if len(users) != 1:
        raise FileNotFoundError("one libavcodec in av.libs")
    wanted = list(_wanted(users[0]))
    replaced = []
    for encoder in _ENCODERS:
        found = [path for path in libraries.iterdir() if path.name.startswith(encoder)]
        names = [name for name in wanted if name.startswith(encoder.removeprefix("lib"))]
        if len(found) != 1 or not names:
            raise FileNotFoundError(f"one {encoder} in av.libs")
        _replace(found[0], names)
        replaced += found
    return replaced


def _wanted(library: Path) -> Iterator[str]:
    """Yield the names of the encoders' symbols that a library needs."""
    listed = _run("nm", "--dynamic", "--undefined-only", "--format=posix", str(library))
    yield from re.findall(r"^(x26[45]_\w+)", listed, re.MULTILINE)


def _replace(library: Path, names: Iterable[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "empty.c"), Path(folder, "empty.so")
        source.write_text("\n".join(_line(name) for name in names) + "\n", encoding="ascii")
        _run(
            "cc", "-shared", "-fPIC", "-Os", "-s", f"-Wl,-soname,{library.name}", "-o", str(made), str(source)
        )
        library.write_bytes(made.read_bytes())


def _line(name: str) -> str:
    if name == _DATA:
        return f"const char {name}[64] = {{0}};"
    return f"long {name}(void) {{ return {-1 if name == _REFUSES else 0}; }}"


def _run(*words: str) -> str:
    done = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603 - our own words
    return done.stdout


if __name__ == "__main__":
    for path in replace_all(Path(sys.argv[1])):
        print(f"{path.name}: {path.stat().st_size} bytes, empty")  # noqa: T201 - what the build shows
