"""The boxes for notes and tags."""

from api.console.typed import Typed, into, label
from schemas.annotation import NoteEndIn, NoteIn, TagIn


class NoteForm(Typed[NoteIn]):
    """A note."""

    text: str = label("备注内容")

    def wish(self) -> NoteIn:
        return into(self, NoteIn)


class NoteEndForm(Typed[NoteEndIn]):
    """Why a note is taken back."""

    reason: str = label("撤回备注的理由")

    def wish(self) -> NoteEndIn:
        return into(self, NoteEndIn)


class TagForm(Typed[TagIn]):
    """A tag; the button says whether it is put on or taken off."""

    word: str = label("标签")
    stands: str = label("贴上或取下")

    def wish(self) -> TagIn:
        return into(self, TagIn)
