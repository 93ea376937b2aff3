"""A log's own chain proves its keys from one that was known, and from nothing else."""

import base64

import pytest

from schemas.errors import Invalid
from schemas.key_rotation import rotation
from schemas.leaves_log import KeyAlgorithm, KeyAnnounce, KeyRole
from schemas.note import vkey_of_seed
from schemas.own_chain import proven_keys
from schemas.ticket import kid_of, public_of
from tests.own_chains import FIRST, ORIGIN, SECOND, THIRD, log_seeds, opened, own_chain

FIRST_VKEY, SECOND_VKEY, THIRD_VKEY = (vkey_of_seed(ORIGIN, seed) for seed in (FIRST, SECOND, THIRD))


def announced(seed: bytes) -> KeyAnnounce:
    public = public_of(seed)
    return KeyAnnounce(kid=kid_of(public), role=KeyRole.EXPORT, alg=KeyAlgorithm.ED25519, public=public)


@pytest.mark.parametrize("known", [FIRST_VKEY, SECOND_VKEY, THIRD_VKEY])
def test_any_key_of_the_log_proves_the_others(known: str) -> None:
    """The first one, one that gave way, and the one in force: each is the same log's."""
    acts = [
        opened(),
        announced(bytes(32)),
        rotation(KeyRole.LOG, FIRST, SECOND),
        rotation(KeyRole.LOG, SECOND, THIRD),
    ]
    keys, checkpoint = proven_keys(own_chain(acts, THIRD), known)
    assert (keys.origin, keys.vkey_opened, keys.vkey) == (ORIGIN, FIRST_VKEY, THIRD_VKEY)
    assert log_seeds(keys) == [public_of(seed) for seed in (FIRST, SECOND, THIRD)]
    assert keys.log_vkeys == (FIRST_VKEY, SECOND_VKEY, THIRD_VKEY)
    assert checkpoint.size == 16


def test_a_key_of_another_log_proves_nothing() -> None:
    """Whoever serves a log of their own under the same origin has none of the keys that were known."""
    with pytest.raises(Invalid):
        proven_keys(own_chain([opened(SECOND)], SECOND), FIRST_VKEY)


def test_the_checkpoint_is_signed_by_the_key_in_force() -> None:
    """Neither by the one that gave way, nor by one that nobody announced."""
    acts = [opened(), rotation(KeyRole.LOG, FIRST, SECOND)]
    for signer in (FIRST, THIRD):
        with pytest.raises(Invalid):
            proven_keys(own_chain(acts, signer), FIRST_VKEY)


def test_a_key_gives_way_by_its_own_signature_alone() -> None:
    """A rotation that another key signed is none, whatever checkpoint covers it."""
    forged = rotation(KeyRole.LOG, FIRST, SECOND).model_copy(
        update={"proof": rotation(KeyRole.LOG, THIRD, SECOND).proof}
    )
    with pytest.raises(Invalid):
        proven_keys(own_chain([opened(), forged], SECOND), FIRST_VKEY)


@pytest.mark.parametrize("drop", [1, 2])
def test_a_leaf_that_is_left_out_is_noticed(drop: int) -> None:
    """A chain has no hole before its end, and begins with the opening."""
    acts = [opened(), rotation(KeyRole.LOG, FIRST, SECOND), announced(bytes(32))]
    with pytest.raises(Invalid):
        proven_keys(own_chain(acts, SECOND, drop=drop), FIRST_VKEY)


def test_a_leaf_that_is_not_in_the_tree_is_noticed() -> None:
    """Chains are arithmetic that anybody can do; the path to the signed root is not."""
    acts = [opened(), announced(bytes(32))]
    chain, other = own_chain(acts, FIRST), own_chain(acts, FIRST)
    with pytest.raises(Invalid):
        proven_keys(chain.model_copy(update={"leaves": other.leaves}), FIRST_VKEY)


@pytest.mark.parametrize("leaf", ["", "%%%", base64.b64encode(b"{}").decode()])
def test_what_is_no_leaf_is_refused(leaf: str) -> None:
    """Whatever a server answers, it is refused by name."""
    chain = own_chain([opened()], FIRST)
    broken = chain.leaves[0].model_copy(update={"leaf": leaf})
    with pytest.raises(Invalid):
        proven_keys(chain.model_copy(update={"leaves": (broken,)}), FIRST_VKEY)
    with pytest.raises(Invalid):
        proven_keys(chain.model_copy(update={"leaves": ()}), FIRST_VKEY)
