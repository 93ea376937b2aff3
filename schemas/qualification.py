"""Who was qualified to give a legal review at an index of the log, as the register said then (art. 58).

One pass over the leaves of certificates. The kinds that qualify are few, and so is what is kept of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_certificate import (
    CertificateCancel,
    CertificateRestore,
    CertificateState,
    CertificateSuspend,
    CertificateWithdraw,
)
from schemas.leaves_certificate_issue import CertificateIssue, CertificateIssueNamed, CertificateKind

QUALIFYING = frozenset({CertificateKind.LEGAL, CertificateKind.LEGAL_BEFORE})
"""Whoever gives a legal review holds one of these (Administrative Penalty Law art. 58): newcomers the qualification of the
legal profession, and that somebody is none is a fact of the register, too."""


class Word(NamedTuple):
    """What a leaf said of a certificate: its state from a time on, until the certificate ends."""

    place: int
    digest: str
    state: str
    since: datetime


@dataclass
class _Held:
    account: str
    until: datetime
    words: list[Word]


@dataclass
class Qualifications:
    """Certificate → whose it is and all that was said of it, of those that qualify."""

    held: dict[str, _Held] = field(default_factory=dict)
    by_leaf: dict[str, str] = field(default_factory=dict)
    """Digest of a leaf that says one is valid → the certificate."""

    def learn(self, index: int, digest: str, leaf: Leaf) -> None:
        """Take one leaf of the log, in order of indices."""
        learn = self._LEARNS.get(type(leaf.act))
        if learn is not None:
            learn(self, index, digest, leaf)

    def is_valid(self, account: str, digest: str, at: datetime, index: int) -> bool | None:
        """Say whether a leaf qualified an account at a time, as known at an index; None: no such leaf is known."""
        held = self.held.get(self.by_leaf.get(digest, ""))
        if held is None:
            return None
        said = [word for word in held.words if word.place < index and word.since <= at]
        return held.account == account and at < held.until and bool(said) and said[-1].digest == digest

    def _learn_issue(self, index: int, digest: str, leaf: Leaf) -> None:
        if isinstance(leaf.act, CertificateIssue | CertificateIssueNamed) and leaf.act.kind in QUALIFYING:
            first = Word(index, digest, CertificateState.VALID, leaf.act.from_)
            held = _Held(leaf.chains[0].of, leaf.act.until, [first])
            if self.held.setdefault(leaf.subject, held) is held:  # a second issue is named in its chain
                self.by_leaf[digest] = leaf.subject

    def _learn_word(self, index: int, digest: str, leaf: Leaf) -> None:
        held = self.held.get(leaf.subject)
        match leaf.act:
            case (
                CertificateRestore()
                | CertificateSuspend()
                | CertificateWithdraw()
                | CertificateCancel() as act
            ):
                if held is not None and held.account == leaf.chains[0].of:
                    held.words.append(Word(index, digest, act.to, act.from_))
                    if act.to == CertificateState.VALID:
                        self.by_leaf[digest] = leaf.subject
            case _:
                pass

    _LEARNS: ClassVar[Mapping[type, Callable[["Qualifications", int, str, Leaf], None]]] = MappingProxyType(
        {
            **dict.fromkeys((CertificateIssue, CertificateIssueNamed), _learn_issue),
            **dict.fromkeys((CertificateSuspend, CertificateRestore), _learn_word),
            **dict.fromkeys((CertificateWithdraw, CertificateCancel), _learn_word),
        }
    )
