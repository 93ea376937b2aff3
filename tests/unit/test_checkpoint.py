"""Signed notes, checkpoints and proof files are those of C2SP, byte for byte."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.checkpoint import (
    PROOF_HEADER,
    Checkpoint,
    checkpoint_text,
    open_checkpoint,
    parse_checkpoint,
    parse_proof,
    proof_text,
    verify_proof,
)
from schemas.errors import Invalid, SignatureInvalid
from schemas.merkle import extend, inclusion_proof, leaf_hash, root_from_tiles
from schemas.note import parse_vkey, sign_note, verify_note, vkey, vkey_of_seed

# The example keys and signatures of the Go note package, which C2SP signed-note describes.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJ"
    "nAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc"
    "+QQ=\n"
)
EM_SPACED = "Bad\N{EM SPACE}Name"

ORIGIN = "quancheng.local/log"
SEED = bytes(range(32))
LOG_KEY = vkey_of_seed(ORIGIN, SEED)


def test_signing_gives_the_published_note() -> None:
    """The example key signs the example text into exactly the published note."""
    assert sign_note(TEXT, "PeterNeumann", PETER_SEED) == f"{TEXT}\n{PETER_LINE}"
    assert vkey_of_seed("PeterNeumann", PETER_SEED) == PETER


def test_published_notes_verify() -> None:
    """A note signed by two keys opens under either key and under both; unknown keys are ignored."""
    note = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}"
    for keys in ((PETER,), (ENOCH,), (PETER, ENOCH)):
        assert verify_note(note, *keys) == TEXT


def test_a_note_without_a_known_key_is_refused() -> None:
    """No trusted signature means no text, even when other keys have signed."""
    for keys in ((), (ENOCH,)):
        with pytest.raises(SignatureInvalid):
            verify_note(f"{TEXT}\n{PETER_LINE}", *keys)
    renamed = PETER_LINE.replace("PeterNeumann", "CarmenSandiego")
    with pytest.raises(SignatureInvalid):
        verify_note(f"{TEXT}\n{renamed}", PETER)


def test_a_known_key_that_fails_refuses_the_note() -> None:
    """One failing signature of a known key refuses a note that another known key signed well."""
    forged = sign_note("other\n", "EnochRoot", SEED).split("\n\n")[1]
    raw = base64.b64decode(forged.split(" ")[2])
    key_id = parse_vkey(ENOCH).key_id
    line = f"— EnochRoot {base64.b64encode(key_id + raw[4:]).decode()}\n"
    with pytest.raises(SignatureInvalid):
        verify_note(f"{TEXT}\n{PETER_LINE}{line}", PETER, ENOCH)
    assert verify_note(f"{TEXT}\n{PETER_LINE}{line}", PETER) == TEXT


def test_sixteen_signatures_are_accepted_and_many_more_are_not() -> None:
    """At least 16 signature lines are read (signed-note); more than 100 are refused."""
    others = [sign_note(TEXT, f"witness{i}", bytes([i]) * 32).split("\n\n")[1] for i in range(40)]
    assert verify_note(f"{TEXT}\n{''.join(others)}{PETER_LINE}", PETER) == TEXT
    with pytest.raises(Invalid):
        verify_note(f"{TEXT}\n{PETER_LINE * 101}", PETER)


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"\ud800{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad+Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', EM_SPACED)}",
        f"{TEXT}\n{PETER_LINE.replace(' PeterNeumann', '')}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE}\n{ENOCH_LINE[:-3]}\n",
        f"{TEXT}\n{PETER_LINE.replace('—', '-')}",
        f"{TEXT}\n— PeterNeumann x08gow==\n",
        f"{TEXT}\r\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}{' ' * 1_000_000}\n",
        "",
        "\n\n",
    ],
)
def test_malformed_notes_are_refused(note: str) -> None:
    """Text without a blank line, other control characters, bad names and stray lines are no note."""
    with pytest.raises(Invalid) as caught:
        verify_note(note, PETER)
    assert caught.value.slug == "note-malformed"


def test_endless_notes_are_refused() -> None:
    """A well signed note of more than a million characters is not read."""
    with pytest.raises(Invalid) as caught:
        verify_note(sign_note("x" * 1_000_000 + "\n", ORIGIN, SEED), LOG_KEY)
    assert caught.value.slug == "note-malformed"


def test_blank_lines_in_the_text_are_kept() -> None:
    """The last blank line separates; earlier ones belong to the text."""
    text = "one\n\ntwo\n\n\nthree\n"
    assert verify_note(sign_note(text, ORIGIN, SEED), LOG_KEY) == text


def test_every_mangled_verifier_key_is_refused() -> None:
    """Each proper part of a key, each key with one character moved on, and other types are refused."""
    cuts = [PETER[i:j] for i in range(len(PETER)) for j in range(i + 1, len(PETER) + 1)]
    moved = [PETER[:i] + chr(ord(PETER[i]) + 1) + PETER[i + 1 :] for i in range(len(PETER))]
    wrong_length = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="
    unknown_type = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    with pytest.raises(Invalid):
        vkey("PeterNeumann", bytes(31))
    for text in [*(cut for cut in cuts if cut != PETER), *moved, wrong_length, unknown_type]:
        with pytest.raises(Invalid):
            parse_vkey(text)


@given(seed=st.binary(min_size=32, max_size=32), name=st.text("abc./-0全", min_size=1))
def test_keys_round_trip(seed: bytes, name: str) -> None:
    """A verifier key parses back to the name and public key it was made of."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = parse_vkey(vkey(name, public))
    assert (key.name, key.public) == (name, public)


@settings(max_examples=60)
@given(
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    position=st.integers(0, 10**6),
    bit=st.integers(0, 6),
)
def test_a_changed_checkpoint_never_opens_as_another(size: int, root: bytes, position: int, bit: int) -> None:
    """A signed checkpoint opens to itself; a note with one changed bit is refused."""
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root)
    note = sign_note(checkpoint_text(checkpoint), ORIGIN, SEED)
    assert open_checkpoint(note, LOG_KEY) == checkpoint
    at = position % len(note)
    changed = note[:at] + chr(ord(note[at]) ^ (1 << bit)) + note[at + 1 :]
    with pytest.raises(Invalid):
        open_checkpoint(changed, LOG_KEY)


def test_a_checkpoint_reads_as_the_specification_says() -> None:
    """Three lines: origin, decimal size, base64 root (tlog-checkpoint); further lines are kept."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint_text(checkpoint) == text
    assert checkpoint_text(parse_checkpoint(text + "more\n")) == text + "more\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n1\n",
        "log\n1\nAAAA\n",
        "log\n01\n" + "A" * 43 + "=\n",
        "log\n-1\n" + "A" * 43 + "=\n",
        "log\n+1\n" + "A" * 43 + "=\n",
        "log\n１\n" + "A" * 43 + "=\n",
        f"log\n{2**63}\n" + "A" * 43 + "=\n",
        "log\n1\n" + "A" * 43 + "=",
        "log\n1\n" + "A" * 43 + "=\nmore",
        "log\n1\n" + "A" * 42 + "B=\n",
        "log\n1\n" + "A" * 43 + "=\n\n",
        "\n1\n" + "A" * 43 + "=\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    """Leading zeroes, signs, other digits, short or loosely encoded roots and empty lines are refused."""
    with pytest.raises(Invalid) as caught:
        parse_checkpoint(text)
    assert caught.value.slug == "checkpoint-malformed"


def test_a_checkpoint_of_another_origin_is_refused() -> None:
    """A key speaks only for the log of its own name."""
    other = Checkpoint(origin="other.example/log", size=0, root=bytes(32))
    with pytest.raises(Invalid):
        open_checkpoint(sign_note(checkpoint_text(other), ORIGIN, SEED), LOG_KEY)


def _proof(index: int, size: int) -> str:
    hashes = [leaf_hash(bytes([i])) for i in range(size)]
    tiles = extend(lambda _level, _n: b"", 0, hashes)
    root = root_from_tiles(size, lambda level, n: tiles[level, n])
    note = sign_note(checkpoint_text(Checkpoint(origin=ORIGIN, size=size, root=root)), ORIGIN, SEED)
    return proof_text(index, inclusion_proof(index, size, lambda level, n: tiles[level, n]), note)


def test_a_proof_file_proves_its_entry_and_no_other() -> None:
    """A proof file opens with the log's key and the right leaf; any other leaf is refused."""
    text = _proof(5, 9)
    assert text.startswith(f"{PROOF_HEADER}\nindex 5\n")
    assert verify_proof(text, leaf=leaf_hash(b"\x05"), vkey=LOG_KEY).size == 9
    with pytest.raises(Invalid):
        verify_proof(text, leaf=leaf_hash(b"\x04"), vkey=LOG_KEY)
    with pytest.raises(SignatureInvalid):
        verify_proof(text, leaf=leaf_hash(b"\x05"), vkey=PETER)


def test_a_proof_file_round_trips() -> None:
    """Parsing a proof file and writing it again gives the same bytes; a sole leaf has no path."""
    for text in (_proof(5, 9), _proof(0, 1)):
        proof = parse_proof(text)
        assert proof_text(proof.index, proof.hashes, proof.note) == text
        assert proof.extra is None
    extra = _proof(5, 9).replace("\n", "\nextra AAEC\n", 1)
    assert parse_proof(extra).extra == b"\x00\x01\x02"


def test_every_changed_character_of_a_proof_file_is_refused() -> None:
    """No single-bit change anywhere in a proof file leaves it valid."""
    text = _proof(2, 6)
    for at in range(len(text)):
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        with pytest.raises(Invalid):
            verify_proof(changed, leaf=leaf_hash(b"\x02"), vkey=LOG_KEY)


@pytest.mark.parametrize(
    "head",
    [
        "c2sp.org/tlog-proof@v2\nindex 0",
        PROOF_HEADER,
        f"{PROOF_HEADER}\nindex 00",
        f"{PROOF_HEADER}\nindex x",
        f"{PROOF_HEADER}\nextra AA\nindex 0",
        f"{PROOF_HEADER}\nindex 0\nAAAA",
        f"{PROOF_HEADER}\nindex 0" + ("\n" + "A" * 43 + "=") * 64,
    ],
)
def test_malformed_proof_files_are_refused(head: str) -> None:
    """Another version, no index, loose numbers, short hashes and endless paths are refused."""
    with pytest.raises(Invalid) as caught:
        parse_proof(f"{head}\n\nnote")
    assert caught.value.slug == "checkpoint-malformed"


def test_a_proof_without_a_checkpoint_is_refused() -> None:
    """The path alone proves nothing."""
    with pytest.raises(Invalid):
        parse_proof(f"{PROOF_HEADER}\nindex 0\n")
