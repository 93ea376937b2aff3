"""A draw that anybody can repeat: population root, seed, tickets, sample – and how large a sample must be.

Bytes (design: "Verifiable sampling"): the population is the sorted list of ids and its root that of RFC 6962 over
their UTF-8 bytes; seed = SHA-256(root, then for each source in the frozen order u32be length and its bytes);
ticket(id) = SHA-256(seed, u16be length, UTF-8 id); the k smallest tickets win, ties by id. The idea is Rivest's
consistent sampler; RFC 3797 does the same with MD5 and is not used.
"""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction

from schemas.merkle import extend, leaf_hash, root_from_tiles
from schemas.refusals_audit import POPULATION_DUPLICATE, POPULATION_EMPTY, SIZE_OVER_POPULATION

PERMILLE = 1000


def population_root(idents: Iterable[str]) -> bytes:
    """Return the RFC 6962 root over the ids in their byte order, 32 bytes.

    Raises:
        Invalid: an id stands twice (slug `population-duplicate`), or there is none (`population-empty`).
    """
    ordered = _population(idents)
    tiles = extend(lambda _level, _n: b"", 0, [leaf_hash(one) for one in ordered])
    return root_from_tiles(len(ordered), lambda level, n: tiles.get((level, n), b""))


def _population(idents: Iterable[str]) -> list[bytes]:
    ordered = sorted(one.encode() for one in idents)
    if not ordered:
        raise POPULATION_EMPTY("the population is empty")
    if any(a == b for a, b in itertools.pairwise(ordered)):
        raise POPULATION_DUPLICATE("an id stands twice in the population")
    return ordered


def seed_of(root: bytes, values: Sequence[bytes]) -> bytes:
    """Return the seed, 32 bytes, of a frozen root and the public values in their frozen order."""
    state = hashlib.sha256(root)
    for value in values:
        state.update(len(value).to_bytes(4, "big") + value)
    return state.digest()


def ticket(seed: bytes, ident: str) -> bytes:
    """Return the ticket of one id, 32 bytes."""
    raw = ident.encode()
    return hashlib.sha256(seed + len(raw).to_bytes(2, "big") + raw).digest()


def draw(population: Iterable[str], size: int, seed: bytes) -> tuple[str, ...]:
    """Return the `size` ids with the smallest tickets, smallest first; the order of `population` is nothing.

    Raises:
        Invalid: `size` is below 1 or above the population (slug `size-over-population`), an id stands twice, or
            there is none.
    """
    ordered = _population(population)
    if not 1 <= size <= len(ordered):
        raise SIZE_OVER_POPULATION(
            f"{size} cannot be drawn of {len(ordered)}", size=size, population=len(ordered)
        )
    tickets = sorted((ticket(seed, raw.decode()), raw) for raw in ordered)
    return tuple(raw.decode() for _, raw in tickets[:size])


def detection(population: int, bad: int, size: int) -> Fraction:
    """Return the chance that a sample of `size` holds at least one of `bad` (hypergeometric, exact)."""
    if size + bad > population:
        return Fraction(1)
    missed = Fraction(1)
    for taken in range(size):
        missed *= Fraction(population - bad - taken, population - taken)
    return 1 - missed


def sample_size(population: int, *, defect_permille: int, confidence_permille: int) -> int:
    """Return the smallest size that finds at least one of the bad ones with the asked confidence.

    "At least one of 5 % bad files with 95 %" is 50 and 950. The bad are rounded up, one at least; a small
    population is drawn whole.
    """
    bad = max(1, -(-population * defect_permille // PERMILLE))
    allowed = Fraction(PERMILLE - confidence_permille, PERMILLE)
    missed, size = Fraction(1), 0
    while missed > allowed and size < population:
        missed *= Fraction(max(0, population - bad - size), population - size)
        size += 1
    return size
