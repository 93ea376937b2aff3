"""The tables of the fold: whatever may stand in a chain is taken there, by what was written for its class."""

from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from schemas.act import Act
from schemas.leaves import LEAVES
from schemas.life import Takes
from schemas.life_account import ACCOUNT_TAKES
from schemas.life_agency import AGENCY_TAKES
from schemas.life_audit import AUDIT_TAKES
from schemas.life_case import CASE_TAKES
from schemas.life_device import DEVICE_TAKES
from schemas.life_equipment import EQUIPMENT_TAKES
from schemas.life_evidence import MANIFEST_TAKES, RECORDING_TAKES
from schemas.life_log import LOG_TAKES
from schemas.life_monitoring import MONITORING_TAKES
from schemas.life_shift import DUTY_TAKES
from schemas.replay import APPLY

TABLES: dict[str, Takes[Any]] = {
    "account": ACCOUNT_TAKES,
    "agency": AGENCY_TAKES,
    "audit": AUDIT_TAKES,
    "case": CASE_TAKES,
    "device": DEVICE_TAKES,
    "equipment": EQUIPMENT_TAKES,
    "duty": DUTY_TAKES,
    "log": LOG_TAKES,
    "manifest": MANIFEST_TAKES,
    "monitoring": MONITORING_TAKES,
    "recording": RECORDING_TAKES,
    "source": {},
}
"""Nouns of chains; of manifests and sources there is one event each, the one that begins them."""


def _of_chain(noun: str) -> set[type[Act]]:
    return {kind for kind in LEAVES.values() if noun in (*kind.spec.chains, *kind.spec.among)}


def _begins(noun: str, kind: type[Act]) -> bool:
    return (kind.spec.opens and kind.spec.noun == noun) or (noun, kind.spec.event) == (
        "source",
        "intake:receive",
    )


def test_every_reducer_has_its_table() -> None:
    """A noun that is folded and not listed here would be looked at by no test below."""
    assert TABLES.keys() == APPLY.keys()


@pytest.mark.parametrize("noun", sorted(TABLES))
def test_every_class_of_a_chain_is_taken(noun: str) -> None:
    """A class that is missing would be a fault in every lawful chain; one too many would never be asked."""
    taken = set(TABLES[noun])
    assert taken == {kind for kind in _of_chain(noun) if not _begins(noun, kind)}


@pytest.mark.parametrize("noun", sorted(TABLES))
def test_what_takes_a_class_was_written_for_it(noun: str) -> None:
    """The type checker sees no class behind a table's key: each function says itself which acts it takes."""
    for kind, take in TABLES[noun].items():
        stated = get_type_hints(take)["act"]
        kinds = get_args(stated) if get_origin(stated) is UnionType else (stated,)
        assert kind in kinds, f"{take.__name__} takes {stated}, not {kind.__name__}"


@pytest.mark.parametrize("noun", sorted(TABLES))
def test_a_life_is_of_its_noun(noun: str) -> None:
    """Every function of a table goes from the life of its noun to the life of its noun."""
    life = get_type_hints(APPLY[noun])["return"]
    for take in TABLES[noun].values():
        hints = get_type_hints(take)
        assert (hints["life"], hints["return"]) == (life, life), take.__name__
