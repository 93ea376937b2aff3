"""One run over everything: what contradicts itself, what could not be looked at, and how much was.

Nothing ends a run before its end. What a check meets in bytes and rows is a fault and it goes on; a part that does not
answer, or a check that fails itself, is named as not checked, and the next one starts.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from schemas.errors import EvidenceError
from schemas.fsck import Found, Part, Unchecked
from schemas.log_signers import LogSigners
from storage.fsck.audit import check_audits
from storage.fsck.chains import check_chains
from storage.fsck.custody import LogCheck
from storage.fsck.document import check_documents
from storage.fsck.intake import check_intakes
from storage.fsck.journal import JournalCheck
from storage.fsck.laid import LaidCheck
from storage.fsck.look import check_looks
from storage.fsck.objects import ObjectCheck
from storage.fsck.package import check_packages
from storage.fsck.personal import check_personal
from storage.fsck.reading import snapshot
from storage.fsck.recording import check_recordings
from storage.fsck.review import check_reviews
from storage.fsck.trail import check_trail
from storage.fsck.unchained import check_unchained
from storage.fsck.unnamed import check_unnamed
from storage.objects.port import Objects

_OWN_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What an error of our own looks like: it must not hide what the other checks find."""


def examine(
    engine: Engine, objects: Objects, signers: LogSigners, *, with_bytes: bool = True
) -> Iterator[Found]:
    """Look at everything; change nothing.

    Args:
        engine: The database.
        objects: The object store.
        signers: The public keys by which the log signed.
        with_bytes: Read every object again; without, rows, log and locks are looked at.
    """

    def seen_at_once(check: Callable[[Connection], Iterator[Found]]) -> Iterator[Found]:
        with snapshot(engine) as connection:
            yield from check(connection)

    yield from _record(engine, objects, signers)
    yield from guarded(Part.DOCUMENTS, seen_at_once(check_documents))
    yield from guarded(Part.DOCUMENTS, seen_at_once(check_unchained))
    yield from guarded(Part.INTAKES, seen_at_once(check_intakes))
    yield from guarded(Part.REVIEWS, seen_at_once(check_reviews))
    yield from guarded(Part.AUDITS, seen_at_once(check_audits))
    yield from guarded(Part.LOOKS, seen_at_once(check_looks))
    yield from guarded(Part.TRAIL, seen_at_once(check_trail))
    asked = ObjectCheck(objects, with_bytes=with_bytes)
    yield from guarded(Part.PERSONAL, seen_at_once(check_personal))
    yield from guarded(Part.RECORDINGS, check_recordings(engine, asked))
    yield from guarded(Part.OBJECTS, check_packages(engine, asked))
    yield from guarded(Part.LISTING, check_unnamed(engine, objects, signers))
    yield from asked.rest()


def _record(engine: Engine, objects: Objects, signers: LogSigners) -> Iterator[Found]:
    """The log and the chains in it, as of one moment: who acts in a chain was learned from the log."""
    with snapshot(engine) as connection:
        log = LogCheck(connection, signers)
        yield from guarded(Part.LOG, log.run())
        yield from guarded(Part.JOURNAL, JournalCheck(connection, objects, signers).run())
        yield from guarded(Part.LAID, LaidCheck(connection, objects, signers).run())
        yield from guarded(Part.CHAINS, check_chains(connection, log.seen, log.waiting))


def guarded(part: Part, found: Iterator[Found]) -> Iterator[Found]:
    """Yield what a check finds; when it ends before its end, say what is not checked."""
    try:
        yield from found
    except (OperationalError, InterfaceError, PoolTimeoutError):
        yield _unchecked(part, "数据库没有应答 the database did not answer")
    except (EvidenceError, SQLAlchemyError, *_OWN_FAULTS) as err:
        # Only its kind: the sentence of a driver may repeat what it read.
        cause = getattr(err, "orig", None) or err
        yield _unchecked(part, f"检查中断 the check ended before its end: {type(cause).__name__}")


def _unchecked(part: Part, detail: str) -> Unchecked:
    return Unchecked(part=part, subject=part.value, detail=detail)
