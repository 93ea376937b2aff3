"""Why somebody looks, as it is typed: at a recording, at the media of a record, at a package; why a case is printed."""

from typing import ClassVar

from api.console.annotation_form import NoteEndForm, NoteForm, TagForm
from api.console.answer_form import AnswerForm
from api.console.retention_form import MarkForm
from api.console.typed import Fault, Forms, Typed, W, into, label
from schemas.look import LookIn, PrintIn, WhyIn


class _Why(Typed[W]):
    reason_code: str = label("查看事由")
    reason: str = label("说明（选其他时必填）")

    whole: ClassVar[tuple[str, Fault]] = ("reason", Fault.MISSING)


class WhyForm(_Why[WhyIn]):
    """Why a package, or the media of a record, are looked at."""

    def wish(self) -> WhyIn:
        return into(self, WhyIn)


class LookForm(_Why[LookIn]):
    """Why a recording is opened, or its original taken away: the button that was pressed says which."""

    kind: str = label("查看方式")

    def wish(self) -> LookIn:
        return into(self, LookIn)


class PrintForm(_Why[PrintIn]):
    """Why a case is printed: the button that was pressed says whether with pictures."""

    pictures: str = label("画面")

    def wish(self) -> PrintIn:
        return into(self, PrintIn)


class PrintForms(Forms):
    """The form in front of a print."""

    printed: PrintForm = PrintForm()


class RecordingForms(Forms):
    """The forms of one recording."""

    look: LookForm = LookForm()
    answer: AnswerForm = AnswerForm()
    mark: MarkForm = MarkForm()
    note: NoteForm = NoteForm()
    note_end: NoteEndForm = NoteEndForm()
    tag: TagForm = TagForm()
