"""The box in which it is said why a recording is kept for ever."""

from api.console.typed import Typed, into, label
from schemas.retention import MarkIn


class MarkForm(Typed[MarkIn]):
    """Whether it is kept for ever from now on, and why; the button says which."""

    stands: str = label("永久保存")
    reason: str = label("理由")

    def wish(self) -> MarkIn:
        return into(self, MarkIn)
