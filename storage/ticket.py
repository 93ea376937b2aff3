"""The ticket keys of a process: they go with its connections, so that whatever writes a leaf over one signs with them."""

from pydantic import SecretStr
from sqlalchemy import Connection

from schemas.act import Process
from schemas.refusals_custody import TICKET_KEY_MISSING
from schemas.ticket import Ticket, Tickets
from storage.settings import StorageSettings, seed
from storage.tables.base import TICKETS


def tickets(settings: StorageSettings) -> Tickets:
    """Return what signs the leaves of this process; without a key it signs none.

    Raises:
        ValueError: a key is malformed; the message names the variable, never the value.
    """
    named = _named(settings)
    return Tickets({process: seed(key, name) for process, (name, key) in named.items() if key is not None})


def signer_tickets(settings: StorageSettings) -> Tickets:
    """Return what the signer knows tickets by: it holds every key, and without one it would let honest entries wait.

    Raises:
        ValueError: one is missing or malformed; the message names the variable, never the value.
    """
    return Tickets({process: seed(key, name) for process, (name, key) in _named(settings).items()})


def _named(settings: StorageSettings) -> dict[Process, tuple[str, SecretStr | None]]:
    return {
        Process.API: ("API_TICKET_KEY", settings.api_ticket_key),
        Process.WORKER: ("WORKER_TICKET_KEY", settings.worker_ticket_key),
        Process.SIGNER: ("SIGNER_TICKET_KEY", settings.signer_ticket_key),
    }


def ticket_for(connection: Connection, event: str, digest: str) -> Ticket:
    """Sign the digest of a leaf with a key of this process.

    Raises:
        Unavailable: it holds none that may sign the event (slug `ticket-key-missing`); nothing is written without.
    """
    held: Tickets | None = connection.get_execution_options().get(TICKETS)
    made = None if held is None else held.sign(event, digest)
    if made is None:
        raise TICKET_KEY_MISSING(f"no ticket key of this process may sign {event}")
    return made
