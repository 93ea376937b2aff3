"""Problems of the supervision desk."""

from collections.abc import Mapping

from api.problem_text import ProblemText

AUDIT: Mapping[str, ProblemText] = {}
