"""Problems of cases and their legal review."""

from collections.abc import Mapping

from api.problem_text import ProblemText

REVIEW: Mapping[str, ProblemText] = {}
