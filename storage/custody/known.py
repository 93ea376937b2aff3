"""Whether a process may begin to write: with a ticket key that the log knows."""

from sqlalchemy import Connection

from schemas.act import Process
from schemas.refusals_custody import TICKET_KEY_UNKNOWN
from schemas.ticket import KEY_OF, Tickets
from schemas.ticket_keys import KnownKeys
from storage.custody.log_keys import dead_tickets
from storage.custody.reading import LogReader
from storage.tables.base import TICKETS


def require_known(connection: Connection, process: Process, *, announces: bool = False) -> None:
    """Refuse to write under a ticket key that the log does not know: what is signed with it would wait for ever.

    Before the log has announced any key, and where the key is missing, every one is as good: the first act says so. Where
    the signer begins with this process (`announces`) it tells the log of a new key; of one that has ended, never.

    Raises:
        Unavailable: the log has announced other keys (slug `ticket-key-unknown`).
    """
    held: Tickets | None = connection.get_execution_options().get(TICKETS)
    mine = None if held is None else held.kid(KEY_OF[process])
    log, known = LogReader(connection), KnownKeys()
    of = log.name()
    for one in () if of is None else log.chain(of):
        known.learn(one.leaf)
    if announces and mine not in dead_tickets(connection):
        return
    if known.is_asked and mine is not None and not known.knows(mine):
        raise TICKET_KEY_UNKNOWN(
            f"the log has not announced the ticket key of the {process.value}: give the scheduler the same key first"
        )
