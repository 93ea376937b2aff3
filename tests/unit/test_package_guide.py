"""VERIFY.md: every line of it is run on a package, with unzip, sha256sum, openssl and Python without a library."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from schemas.note import vkey_of_seed
from schemas.package import (
    CHECKPOINT,
    GUIDE_NAME,
    HIDDEN,
    LEAVES,
    NOTE,
    OPENINGS,
    TAG_MANIFEST,
    FileRole,
    digest_lines,
    package_name,
    packed,
)
from schemas.package_guide import GUIDE
from tests.guide import BLOCK, run_guide
from tests.package import Made, cosigned, make_package, trust_file, whole, zipped
from tests.package_bureau import LATER, NUMBER, ORIGIN, Office, make_bureau, seed

STEM = package_name(NUMBER, LATER.date()).removesuffix(".zip")


def laid(folder: Path, content: bytes, trust: dict[str, object]) -> Path:
    (folder / f"{STEM}.zip").write_bytes(content)
    (folder / "trust.json").write_text(json.dumps(trust))
    return folder


@pytest.fixture
def made() -> Made:
    """A package with everything in it, whose checkpoint an outsider has cosigned."""
    office = Office(witness_seed=seed())
    return make_package(bureau=make_bureau(office), contents=(b"one", b"two"))


def test_the_guide_is_the_one_in_the_package(made: Made):
    """What is run here is what a court reads."""
    archive = ZipFile(BytesIO(made.bytes()))
    assert archive.read(GUIDE_NAME).decode() == GUIDE
    assert not any(
        line.startswith("    ") for line in BLOCK.sub("", GUIDE).splitlines()
    )  # no command beside the blocks
    (program,) = re.findall(r"^cat > \.\./check\.py <<'END'\n(.*?)^END$", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(program.splitlines()) <= 40


@pytest.mark.parametrize("story", [lambda: whole().close(), lambda: make_package(contents=(b"one",))])
def test_every_line_of_the_guide_holds(story: Callable[[], Made], tmp_path: Path):
    """On a case with rounds, a record of a camera, ended ties and a neighbour's case; and on a plain one."""
    made = story()
    done = run_guide(laid(tmp_path, made.bytes(), trust_file(made.bureau)), stem=STEM)

    assert done.returncode == 0, done.stderr
    assert f"{len(made.shown)} leaves" in done.stdout
    signed = len({name for name in ZipFile(BytesIO(made.bytes())).namelist() if name.endswith(".jws")})
    assert done.stdout.count("Verified OK") == signed
    assert done.stdout.count("Signature Verified Successfully") >= 3


def test_signatures_of_others_do_not_break_it(made: Made, tmp_path: Path):
    """A witness before and another behind the log's own line; the old export key beside the new one, under one name."""
    files = {file.name: file for file in made.pack()}
    note = (files[NOTE].payload or b"").decode()
    files[NOTE] = packed(NOTE, cosigned(note, f"{ORIGIN}/export", seed()).encode())
    assert (files[CHECKPOINT].payload or b"").count("—".encode()) == 3

    done = run_guide(laid(tmp_path, zipped([*files.values()]), trust_file(made.bureau)), stem=STEM)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("member", ["export_vkey", "log_vkey", "registry_key"])
def test_another_key_than_the_trusted_one_ends_it(made: Made, tmp_path: Path, member: str):
    """The stock tools say no where the command would; nothing behind it is run."""
    other = trust_file(make_package(contents=(b"x",)).bureau)
    trust = trust_file(made.bureau) | {member: other[member]}

    done = run_guide(laid(tmp_path, made.bytes(), trust), stem=STEM, until=3)

    assert done.returncode == 1
    assert vkey_of_seed(ORIGIN, made.office.log_seed) != other["log_vkey"]


def one_leaf_less(made: Made) -> None:
    at = next(n for n, one in enumerate(made.shown) if b"case:link" in one.leaf)
    del made.shown[at]


def nothing_is_hidden(made: Made) -> None:
    made.over[HIDDEN] = b""


def other_bytes(made: Made) -> None:
    made.put(made.recordings[0], FileRole.ORIGINAL, b"forged")


def another_manifest(made: Made) -> None:
    manifest = next(of for of, role in made.files if role is FileRole.MANIFEST)
    made.put(manifest, FileRole.MANIFEST, b"{}")


@pytest.mark.parametrize("change", [one_leaf_less, nothing_is_hidden, other_bytes, another_manifest])
def test_what_the_holder_of_the_export_key_changes_is_found(
    made: Made, tmp_path: Path, change: Callable[[Made], None]
):
    """Lists and signature of the package are made anew over it: the leaves, and the device's own signature, say no."""
    change(made)

    done = run_guide(laid(tmp_path, made.bytes(), trust_file(made.bureau)), stem=STEM, until=4)

    assert done.returncode == 1


@pytest.mark.parametrize("name", [LEAVES, OPENINGS, TAG_MANIFEST])
def test_a_changed_byte_is_found_by_sha256sum(made: Made, tmp_path: Path, name: str):
    """The first block needs nothing else."""
    files = {file.name: file for file in made.pack()}
    files[name] = packed(name, (files[name].payload or b"").replace(b"0", b"1", 1))

    done = run_guide(laid(tmp_path, zipped([*files.values()]), trust_file(made.bureau)), stem=STEM, until=1)

    assert done.returncode == 1
    assert digest_lines([files[name]]) not in (files[TAG_MANIFEST].payload or b"")
