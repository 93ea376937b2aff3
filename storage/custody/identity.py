"""What a log says of itself: origin, catalogue in force, and the keys of its servers."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.act import Act
from schemas.leaf import Unknown
from schemas.leaves_log import KeyAlgorithm, KeyAnnounce, KeyRole, LogOpen, LogUpgrade
from schemas.log_keys import LogKeys, said_keys
from schemas.ticket import TicketKey, kid_of

RELEASE = "0.1.0"
"""Of the product, as `pyproject.toml` states it."""


class LogIdentity(NamedTuple):
    """What a log is now; `keys` are public keys (base64 of 32 bytes) by what they sign, `vkey` the log's own.

    `tickets` are the public keys by which processes sign leaves, by their ids; the signer's own may sign everything.
    """

    origin: str
    vkey: str
    keys: Mapping[KeyRole, str]
    tickets: Mapping[str, TicketKey]
    catalogue_sha256: str
    version: str = RELEASE


def unsaid(log: LogIdentity, said: Iterable[Act | Unknown]) -> list[Act]:
    """Return what the log does not say of itself yet: how it began, another catalogue, a key.

    A key of the registry or of the exporter is announced once; another one takes its place by a rotation alone.

    Args:
        log: What it is.
        said: The acts of its chain.
    """
    known = list(said)
    keys = said_keys(enumerate(known))
    in_force = [act.catalogue_sha256 for act in known if isinstance(act, (LogOpen, LogUpgrade))]
    acts: list[Act] = []
    if not known:
        acts.append(_opened(log))
        keys = said_keys(enumerate(acts))
    # The signer's own comes first: it signs what is said of the others, and whatever else a log of before hears.
    ours = sorted(log.tickets.items(), key=lambda one: (one[1].events is not None, one[0]))
    acts += [one for one in (_of_process(kid, key) for kid, key in ours) if _is_news(keys, one)]
    if in_force and in_force[-1] != log.catalogue_sha256:
        acts.append(LogUpgrade(version=log.version, catalogue_sha256=log.catalogue_sha256))
    servers = (_announced(*one) for one in sorted(log.keys.items()))
    return [*acts, *(one for one in servers if keys is None or _is_first(keys, one))]


def _is_news(keys: LogKeys | None, act: KeyAnnounce) -> bool:
    """A ticket key that the log does not know, or lets write other events now; one that it has ended stays so."""
    found = None if keys is None else next((one for one in keys.keys if one.kid == act.kid), None)
    return found is None or (found.is_alive and found.events != act.events)


def _is_first(keys: LogKeys, act: KeyAnnounce) -> bool:
    """No key of its role is in force, and it is none that was before."""
    return keys.in_force(act.role) is None and all(one.kid != act.kid for one in keys.keys)


def has_tickets(said: Iterable[Act | Unknown]) -> bool:
    """Say whether a log has announced the ticket key of a process: from there on each leaf carries a ticket."""
    return any(isinstance(act, KeyAnnounce) and act.role is KeyRole.TICKET for act in said)


def _opened(log: LogIdentity) -> LogOpen:
    return LogOpen(
        origin=log.origin,
        vkey=log.vkey,
        tickets={kid: key.public for kid, key in log.tickets.items() if key.events is None},
        catalogue_sha256=log.catalogue_sha256,
    )


def _announced(role: KeyRole, public: str) -> KeyAnnounce:
    return KeyAnnounce(kid=kid_of(public), role=role, alg=KeyAlgorithm.ED25519, public=public)


def _of_process(kid: str, key: TicketKey) -> KeyAnnounce:
    """A key of a process is announced anew where a release lets it write other events."""
    return KeyAnnounce(
        kid=kid,
        role=KeyRole.TICKET,
        alg=KeyAlgorithm.ED25519,
        public=key.public,
        events=None if key.events is None else tuple(sorted(key.events)),
    )
