"""An entry that is wrong is answered, where two persons say so: each proves at the terminal who it is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.errors import Invalid
from schemas.refusals_command import CLAIM_INVALID
from storage.custody.correct import correct
from storage.store import Store
from workers.custody import integrate
from workers.fsck import Teller
from workers.mend import OK, Ask, two_persons


class Correction(NamedTuple):
    """Which entry, what its members should have said, who say so by their names at the log-in, and why."""

    digest: str
    values: Mapping[str, str]
    logins: Sequence[str]
    reason: str


def run(store: Store, wish: Correction, ask: Ask, say: Teller) -> int:
    """Answer an entry by a correcting one, which is indexed at once; packages built from then on carry it.

    Raises:
        Invalid: a value or the reason is empty (slug `claim-invalid`), the persons are not two (`two-persons`), or as
            `storage.custody.correct.correct`.
        NotFound: as `correct`.
        NotAuthenticated: as for any log-in.
        EvidenceError: as `workers.custody.integrate`.
    """
    if not wish.reason.strip() or not all(value.strip() for value in wish.values.values()):
        raise CLAIM_INVALID("须说明理由和正确的内容 a reason is asked for, and what is true")
    persons = two_persons(store, wish.logins, ask)
    integrate(store)
    with store.begin() as tx:
        values = {member: value.strip() for member, value in wish.values.items()}
        chains = correct(
            tx.custody, tx.connection, wish.digest, values, approvals=persons, reason=wish.reason.strip()
        )
    integrate(store)
    text = f"✓ 已更正，原记录不变 corrected, and the entry stays as it is: {', '.join(chains)}"
    say("corrected", text, entry=wish.digest, chains=chains, approvals=sorted(persons))
    return OK


def parse_values(said: Sequence[str]) -> dict[str, str]:
    """Return member → value of `NAME=VALUE`.

    Raises:
        Invalid: one is not of that form, or names a member twice (slug `claim-invalid`).
    """
    found: dict[str, str] = {}
    for one in said:
        member, equals, value = one.partition("=")
        if not equals or member in found:
            raise _malformed(one)
        found[member] = value
    return found


def _malformed(said: str) -> Invalid:
    return CLAIM_INVALID(f"应为 项=内容，每项一次 give it as NAME=VALUE, each once, not: {said}")
