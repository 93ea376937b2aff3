"""The line in: a server, a worker and a bureau, and what a recording's report says of what a device sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx

from schemas.actor import Actor, Role
from schemas.integrity import Outcome
from storage.outbox import JobKind
from storage.store import Store
from tests.casework import Bureau
from tests.evidence import Copy
from tests.factories import TestDevice, enrol_device, make_account
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings


@dataclass
class Line:
    """The real application over a copy of the world, and who works at its bureau."""

    store: Store
    bureau: Bureau
    url: str
    runner: Runner
    custodian: Actor

    def device(self) -> TestDevice:
        """A device that has sent nothing yet."""
        return enrol_device(self.store, self.custodian)

    @contextmanager
    def client(self, token: str) -> Iterator[httpx.Client]:
        """Whoever holds this token."""
        with httpx.Client(
            base_url=self.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as made:
            yield made

    def reported(self, *idents: UUID) -> frozenset[str]:
        """Have recordings verified; returns the codes of all that did not hold."""
        for kind in (JobKind.VERIFY, JobKind.VERIFY_SLOW, JobKind.LIKEN):
            self.runner.drain(kind)
        with self.store.begin() as tx:
            checks = [row.check for ident in idents for row in tx.recordings.checks(ident)]
        return frozenset(one.code for one in checks if one.outcome is Outcome.MISMATCH)


@contextmanager
def line_of(copy: Copy) -> Iterator[Line]:
    """Serve a copy."""
    store, bureau = copy.store, copy.bureau
    custodian = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    with Sandbox() as sandbox, serving(store) as url:
        yield Line(store, bureau, url, Runner(store, sandbox, WorkersSettings()), custodian)
