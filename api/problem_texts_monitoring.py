"""Problems of the monitoring desk."""

from collections.abc import Mapping

from api.problem_text import ProblemText

MONITORING: Mapping[str, ProblemText] = {}
