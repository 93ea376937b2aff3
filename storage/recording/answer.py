"""What whoever captured or sent a recording says to a finding of it: beside the report, which stays as it was sealed."""

from sqlalchemy import exists, insert, select

from schemas.actor import Actor
from schemas.finding import FindingAnswered, FindingAnswerIn, LateRecording
from schemas.hand_in import LATE_CODES
from schemas.ids import FindingAnswerId, RecordingId
from schemas.leaves_finding import FindingAnswer
from schemas.policy import Action, holds
from schemas.reference import reference
from schemas.refusals_finding import FINDING_ABSENT, FINDING_ANSWERED
from schemas.refusals_recording import RECORDING_UNKNOWN
from storage.act import fresh_id
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.policy import require_within, within
from storage.reads.shift import unexplained
from storage.recording.question import end_late
from storage.recording.recording import Recordings
from storage.tables.answer import finding_answers
from storage.tables.recording import recordings

LISTED = 50
"""Late recordings that one page asks about, the newest first."""


class FindingAnswers(Collection):
    """Explanations of findings."""

    def __init__(self, unit: Unit, recordings_: Recordings) -> None:
        super().__init__(unit)
        self._recordings = recordings_

    def of_recording(self, recording_id: RecordingId) -> tuple[FindingAnswered, ...]:
        """Return what was said to the findings of a recording that the caller may see, oldest first."""
        query = with_name(select(finding_answers), finding_answers.c.answered_by, "author")
        query = query.where(finding_answers.c.recording_id == recording_id).order_by(finding_answers.c.id)
        return tuple(map(FindingAnswered.of_row, self._connection.execute(query).mappings()))

    def askable(self, actor: Actor, recording_id: RecordingId) -> frozenset[str]:
        """Return the codes of the findings of a recording that the actor may explain and has not."""
        mine = within(actor, Action.FINDING_ANSWER, self._now, recordings)
        if not self._connection.scalar(select(exists().where(recordings.c.id == recording_id, mine))):
            return frozenset()
        return self._codes(recording_id) - self._answered(actor, recording_id)

    def _codes(self, recording_id: RecordingId) -> frozenset[str]:
        return frozenset(row.check.code for row in self._recordings.checks(recording_id) if row.check.code)

    def _answered(self, actor: Actor, recording_id: RecordingId) -> frozenset[str]:
        return frozenset(
            self._connection.scalars(
                select(finding_answers.c.code).where(
                    finding_answers.c.recording_id == recording_id,
                    finding_answers.c.answered_by == actor.id,
                )
            )
        )

    def answer(self, actor: Actor, recording_id: RecordingId, wish: FindingAnswerIn) -> FindingAnswered:
        """Explain a finding, once.

        Raises:
            Refused: the actor explains no findings.
            NotFound: the actor neither captured nor sent it (slug `recording-unknown`).
            Conflict: it has no such finding (`finding-absent`), or the actor has explained it (`finding-answered`).
        """
        mine = require_within(actor, Action.FINDING_ANSWER, self._now, recordings)
        agency_id = self._connection.scalar(
            select(recordings.c.agency_id).where(recordings.c.id == recording_id, mine)
        )
        if agency_id is None:
            raise RECORDING_UNKNOWN("no such recording")
        of, made, text = (
            reference("recording", recording_id),
            FindingAnswerId(fresh_id()),
            wish.text.strip(),
        )
        deed = self._begin(actor, agency_id, of)
        if wish.code not in self._codes(recording_id):
            raise FINDING_ABSENT("the recording has no such finding")
        if wish.code in self._answered(actor, recording_id):
            raise FINDING_ANSWERED("it was explained")
        self._connection.execute(
            insert(finding_answers).values(
                id=made,
                recording_id=recording_id,
                code=wish.code,
                text=text,
                answered_by=actor.account_id,
                answered_at=deed.at,
            )
        )
        if wish.code in LATE_CODES:
            end_late(self._connection, recording_id)
        deed.write(FindingAnswer(code=wish.code, text=shown(text)), reference("finding", made), of)
        said = self.of_recording(recording_id)
        return next(one for one in said if (one.code, one.answered_by) == (wish.code, actor.account_id))

    def waiting(self, actor: Actor, *, limit: int = LISTED) -> tuple[LateRecording, ...]:
        """Return what names the actor and came too late, where nobody has explained it yet, newest first."""
        if not holds(actor, Action.FINDING_ANSWER, self._now):
            return ()
        late = unexplained(actor, self._now).order_by(recordings.c.id.desc()).limit(limit)
        return tuple(
            LateRecording(RecordingId(row.id), row.filename, row.corrected_at, row.received_at, row.code)
            for row in self._connection.execute(late)
        )
