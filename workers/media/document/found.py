"""What reading one document met. Readers fill it; each check words its share."""

from dataclasses import dataclass, field

from schemas.document import Document, Risk
from workers.media.container import Note


@dataclass(slots=True)
class Tally:
    """How many there are, and the number of the first."""

    count: int = 0
    first: int = 0

    def add(self, number: int) -> None:
        """Count one more."""
        if not self.count:
            self.first = number
        self.count += 1


@dataclass(slots=True)
class Index:
    """Entries of an index or a directory: so many of so many were held against what is there."""

    of: int = 0
    done: int = 0
    wrong: Tally = field(default_factory=Tally)
    irregular: int = 0
    overlaps: int = 0
    twice: int = 0
    odd_names: int = 0
    unlisted_bytes: int = 0


@dataclass(slots=True)
class Content:
    """Pieces of the content: streams of a PDF, files of an archive. `texts` are those that hold XML."""

    of: int = 0
    done: int = 0
    damaged: Tally = field(default_factory=Tally)
    irregular: int = 0
    texts: int = 0
    texts_done: int = 0
    broken: tuple[int, int] | None = None
    refused: int | None = None


@dataclass(slots=True)
class Pages:
    """Pages: `listed` by the document, `found` of them; `said` is the number that it claims."""

    listed: int | None = None
    found: int = 0
    said: int | None = None
    is_bodiless: bool = False
    is_empty: bool = False


@dataclass(slots=True)
class Edges:
    """Where the document begins and ends in its file, and what stands around it. `end` is unknown of a broken one."""

    start: int = 0
    end: int | None = None
    unfinished_bytes: int = 0
    is_padding: bool = False
    hidden: tuple[str, int] | None = None


@dataclass(slots=True)
class Signed:
    """Electronic signatures and what came after them."""

    count: int = 0
    unread: int = 0
    uncovered_bytes: int = 0
    updates: int = 0
    updates_after: int = 0
    pages_changed: Tally = field(default_factory=Tally)
    parts: int = 0
    parts_changed: int = 0


@dataclass(slots=True)
class Found:
    """Everything that was met in one document."""

    notes: list[Note] = field(default_factory=list)
    index: Index = field(default_factory=Index)
    content: Content = field(default_factory=Content)
    pages: Pages = field(default_factory=Pages)
    edges: Edges = field(default_factory=Edges)
    signed: Signed = field(default_factory=Signed)
    risks: set[Risk] = field(default_factory=set)
    links: int = 0
    entries: int = 0
    facts: Document = field(default_factory=Document)

    def tell(self, **facts: object) -> None:
        """Add facts that the document states."""
        self.facts = self.facts.model_copy(
            update={name: one for name, one in facts.items() if one is not None}
        )
