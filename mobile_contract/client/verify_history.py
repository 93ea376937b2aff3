"""The claim that package and trust file are of one history of the log.

Keys alone do not tell two histories apart: whoever holds them signs both. What does is a checkpoint that was kept
elsewhere. The hashes that prove the one from the other come with the package (where it is the younger), with the
trust file (where that is), or in a file that the log publishes; with none of them nothing is claimed.
"""

from collections.abc import Iterable, Iterator, Sequence

from mobile_contract.client.verify_bag import Bag
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_report import Ledger
from schemas.checkpoint import Checkpoint
from schemas.claim import ClaimFault, PackageClaim
from schemas.consistency import Given, parse_tiles, proof_from, verify_same_log
from schemas.errors import Invalid
from schemas.merkle import Tiles
from schemas.package import CHECKPOINT, TREE


def verify_history(
    bag: Bag, trust: Trust | None, checkpoint: Checkpoint | None, given: Given | None, ledger: Ledger
) -> None:
    """Compare the package's checkpoint with the one of the trust file.

    Args:
        bag: The package.
        trust: What was obtained apart from it.
        checkpoint: The package's, where it can be read.
        given: A proof that the log published, where whoever checks has one.
        ledger: Where the claim is entered.
    """
    if trust is None or checkpoint is None:
        return  # both are claims of their own
    if trust.checkpoint is None:
        ledger.skip(PackageClaim.LOG_HISTORY, CHECKPOINT, ClaimFault.NO_TRUSTED_CHECKPOINT, is_required=False)
        return
    found = compared(checkpoint, trust.checkpoint, given, (_tiles(bag), trust.tiles))
    older, younger = sorted((trust.checkpoint.size, checkpoint.size))
    detail = f"{older} → {younger}"
    if found is None:
        where = f"{detail}; GET /v1/log/consistency?first={older}&second={younger}"
        ledger.skip(PackageClaim.LOG_HISTORY, CHECKPOINT, ClaimFault.HISTORY_UNPROVEN, detail=where)
    elif found:
        ledger.hold_origin(PackageClaim.LOG_HISTORY, CHECKPOINT)
    else:
        ledger.fail(PackageClaim.LOG_HISTORY, CHECKPOINT, ClaimFault.LOG_FORKED, detail=detail)


def compared(one: Checkpoint, other: Checkpoint, given: Given | None, tiles: Iterable[Tiles]) -> bool | None:
    """Say whether the trees of two checkpoints are one, or one goes on from the other; None where nothing tells."""
    older, younger = sorted((one, other), key=lambda each: each.size)
    proofs = list(_proofs(given, tiles, older=older.size, younger=younger.size))
    return any(_leads(proof, older, younger) for proof in proofs) if proofs else None


def _proofs(
    given: Given | None, tiles: Iterable[Tiles], *, older: int, younger: int
) -> Iterator[Sequence[bytes]]:
    """Yield every proof that somebody offers; nothing is to be proven of one tree, or of the empty one."""
    if older in (0, younger):
        yield ()
        return
    if given is not None and given.old == older:
        yield given.hashes
    for each in tiles:
        proof = proof_from(each, older, younger)
        if proof is not None:
            yield proof


def _tiles(bag: Bag) -> Tiles:
    """Return the tiles of the package; what cannot be read proves nothing."""
    try:
        return parse_tiles(bag.decoded(TREE))
    except Invalid:
        return {}


def _leads(proof: Sequence[bytes], older: Checkpoint, younger: Checkpoint) -> bool:
    try:
        verify_same_log(proof, older, younger)
    except Invalid:
        return False
    return True
