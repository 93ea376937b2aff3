"""The history of a case, read from its chain: what stood before a correction is in the leaves before it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from schemas.case_change import CaseChange
from schemas.event import Event
from schemas.leaf import Leaf, Unknown
from schemas.leaves_case import CaseAmend, CaseField, CaseOpen
from schemas.opening import Shown
from schemas.ours import ours
from schemas.personal import MASKED, masked
from schemas.refusals_custody import LEAF_BROKEN
from storage.custody.reading import LogReader
from storage.reads.office import offices_of

_Values = dict[str, Any]


def history_of(
    connection: Connection, log: LogReader, case: str, *, is_masked: bool
) -> tuple[CaseChange, ...]:
    """Return every act in the chain of `case/uuid`, oldest first; the caller has checked the case.

    `is_masked`: who reads it does not see who the party is.

    Raises:
        IntegrityBroken: a leaf is none, or an opening is not what its leaf commits to (`leaf-broken`).
    """
    places = log.chain(case)
    openings = log.openings_of(one.digest for one in places)
    offices = offices_of(connection, [one.leaf for one in places if isinstance(one.leaf, Leaf)])
    values: _Values = {}
    told = []
    for n, one in enumerate(places, start=1):
        if isinstance(one.leaf, Leaf):
            act, before = _told(one.leaf, openings.get(one.digest, {}), values)
            told.append(
                CaseChange(
                    n=n,
                    event=Event(one.leaf.event),
                    subject=one.leaf.subject,
                    before=_masked(before) if is_masked else before,
                    reason=_plain(getattr(act, "reason", None)) or "",
                    changed_by=one.leaf.actor,
                    changed_at=one.leaf.at,
                    leaf_index=one.leaf_index,
                    offices=offices[one.leaf.id],
                )
            )
    return tuple(told)


def _told(leaf: Leaf, openings: Mapping[str, bytes], values: _Values) -> tuple[object, _Values]:
    """Open a leaf, and return what a correction replaced; `values` goes on with it."""
    if isinstance(leaf.act, Unknown):
        return leaf.act, {}
    with ours(LEAF_BROKEN, f"an opening of a leaf of {leaf.subject} is another's"):
        act = leaf.act.revealed(openings)
    match act:
        case CaseOpen():
            values.update({field.value: _plain(getattr(act, field.value)) for field in CaseField})
            return act, {}
        case CaseAmend():
            after = {field.value: _plain(getattr(act, field.value)) for field in act.fields}
            before = {name: values.get(name) for name in after}
            values.update(after)
            return act, before
        case _:
            return act, {}


def _masked(before: _Values) -> _Values:
    return {name: masked(name, text) if text and name in MASKED else text for name, text in before.items()}


def _plain(value: object) -> Any:  # noqa: ANN401 - text, list or position
    """Return what is shown; None for what is absent, or whose opening was erased."""
    return value.value if isinstance(value, Shown) else None
