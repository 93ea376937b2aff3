"""What the log refuses: each such entry is named, until a leaf of its chain lists it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from schemas.errors import Invalid
from schemas.fsck import Fault, FaultCode
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_log import ChainMend
from schemas.mend import settled


class _Refused(NamedTuple):
    name: str
    digest: str
    detail: str
    chains: tuple[str, ...]


class RefusedCheck:
    """Learns which chains were mended, and at the end of the log says which refused entries no leaf lists."""

    def __init__(self) -> None:
        self._mends: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._refused: list[_Refused] = []
        self._of: dict[str, list[str]] = defaultdict(list)

    def learn(self, leaf: Leaf) -> None:
        """Note a chain that goes on, from the leaves of the log in their order."""
        if isinstance(leaf.act, ChainMend):
            self._mends[leaf.chains[0].of].append((leaf.act.refused, leaf.act.list_sha256))

    def refused(self, name: str, digest: str, leaf: bytes, *, detail: str, is_said: bool) -> None:
        """Note an entry that is marked as refused, oldest first; one that the log does not refuse no leaf can list."""
        chains = _chains(leaf)
        self._refused.append(_Refused(name, digest, detail, chains if is_said else ()))
        for of in chains if is_said else ():
            self._of[of].append(digest)

    def faults(self) -> Iterator[Fault]:
        """Yield every refused entry of a chain that was not mended, or that stands in none."""
        listed = {of: settled(digests, self._mends.get(of, ())) for of, digests in self._of.items()}
        for one in self._refused:
            if not one.chains or not all(one.digest in listed[of] for of in one.chains):
                yield Fault(code=FaultCode.ENTRY_REFUSED, subject=one.name, detail=one.detail)


def _chains(payload: bytes) -> tuple[str, ...]:
    try:
        return tuple(place.of for place in parse_leaf(payload).chains)
    except Invalid:
        return ()
