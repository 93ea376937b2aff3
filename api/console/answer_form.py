"""The box in which the holder explains a finding."""

from api.console.typed import Typed, into, label
from schemas.finding import FindingAnswerIn


class AnswerForm(Typed[FindingAnswerIn]):
    """What the holder says to a finding, by its code."""

    code: str = label("发现")
    text: str = label("情况说明")

    def wish(self) -> FindingAnswerIn:
        return into(self, FindingAnswerIn)
