"""Every table, one module a noun. PostgreSQL 18 is the only engine.

Ids of evidence are `uuidv7()`: they sort by time, so a keyset page needs no second column.
"""

from storage.tables import (  # noqa: F401 - the metadata is whole with them
    actor,
    answer,
    approval,
    audit,
    case,
    custody,
    derivative,
    device,
    equipment,
    examination,
    export,
    factor,
    heartbeat,
    holding,
    idempotency,
    login,
    look,
    monitoring,
    outbox,
    presence,
    recording,
    rectification,
    recusal,
    review,
    roster,
    scrub,
    setting,
    shift,
    sso,
    trail,
    training,
)
