"""The four leaves that fixed the format keep their bytes, digests, heads and side files for ever."""

import json

import pytest

from schemas.chain import entry_hash, genesis, leaf_digest, step
from schemas.digest import sha256_hex
from schemas.disclosure import ChainHead, NotShown, chains_text, hidden_text, parse_chains, parse_hidden
from schemas.leaf import leaf_bytes, parse_leaf
from schemas.leaves_case import CaseOpen
from schemas.opening import Hidden, Shown, parse_opening
from tests.stand import ROOT

FOLDER = ROOT / "tests" / "assets" / "leaf"
CASE = "case/0193a6d2-7c41-7d20-9a51-3f0a61c2b7e4"
RECORDING = "recording/0193a6e0-11b2-7a03-8c77-52d9e04f1a6b"
DIGESTS = {
    "case-open": (
        793,
        "460c2180114f73d8e37a7b4baa0514fcfe03fd058b86132a3e1b9302e3f06d1c",
        "d0b9116ff51be6e528793367cc28428491d3dad052ef892bb23c7d57680ba181",
    ),
    "recording-receive": (
        949,
        "247dea9af575e92b9d581326d89369036843acba2a8017d6a7a5fb698bcc19d4",
        "e65d5cdd80316f39d65f9f13efd2b2389f0474f4068c77e0e5e2b2b2faca0866",
    ),
    "case-link": (
        689,
        "823a87238c7a8c0ef32e32e270ad55bc7fe384c1c38cefeb8b16236176571c7c",
        "348de1b599238ff01d662ada0034ceda4cb307d660ecd90223e1673bf9a9e7c0",
    ),
    "export-request": (
        709,
        "4810f35ed93dd50918d5401e0500d1c486ae4056b3b96ae4d42700be2d95fb1d",
        "b0d469aee4ab49dcc7453ce8218ebb3f9f3de66f3bf7d868bb1231213ed3689a",
    ),
}


def _payload(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", DIGESTS)
def test_digest_and_entry_hash(name: str) -> None:
    """Each example parses, gives its own bytes back, and has its length, digest and entry hash."""
    payload = _payload(f"{name}.leaf")
    assert leaf_bytes(parse_leaf(payload)) == payload
    digest = leaf_digest(payload)
    assert (len(payload), digest, entry_hash(digest)) == DIGESTS[name]


@pytest.mark.parametrize(
    ("of", "names"),
    [(CASE, ("case-open", "case-link", "export-request")), (RECORDING, ("recording-receive", "case-link"))],
)
def test_chains_continue(of: str, names: tuple[str, ...]) -> None:
    """Every place stands on the head of the leaves before it, the first on the genesis of its own name."""
    head = genesis(of)
    for n, name in enumerate(names, start=1):
        payload = _payload(f"{name}.leaf")
        place = parse_leaf(payload).place(of)
        assert place is not None
        assert (place.n, place.prev) == (n, head)
        head = step(head, leaf_digest(payload), parse_leaf(payload).event)


def test_side_files_have_the_digests_of_the_request() -> None:
    """The two side files of the example hash to what `export:request` states."""
    facts = json.loads(_payload("export-request.leaf"))["facts"]
    chains = (
        ChainHead(CASE, 2, "056b501e3fbec52b3c77e170c6d9346bcac715f746f55f839e4e904331d701f6"),
        ChainHead(RECORDING, 2, "d4fe806e2a844176d33a1d4d65bfd9f00fade3590e389c2be8456892afb95af2"),
    )
    assert sha256_hex(chains_text(reversed(chains))) == facts["chains_sha256"]
    assert parse_chains(chains_text(chains)) == chains
    hidden = (NotShown(DIGESTS["case-open"][1], "place", "third-party"),)
    assert sha256_hex(hidden_text(hidden)) == facts["hidden_sha256"]
    assert parse_hidden(hidden_text(hidden)) == hidden


def test_the_opening_of_the_party() -> None:
    """The opening hashes to its commitment, and only it reveals the member."""
    opening = _payload("party.opening")
    act = parse_leaf(_payload("case-open.leaf")).act
    assert isinstance(act, CaseOpen)
    assert act.party == Hidden(sha256_hex(opening))
    assert act.revealed({"party": opening}).party == Shown(
        "盐城某某运输有限公司", "173f74d2d6d7ad542caa7263d90f495d"
    )
    assert parse_opening(opening).member == "party"
