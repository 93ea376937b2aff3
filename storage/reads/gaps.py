"""Holes in a device's sequence between the recordings of a case: captures that never arrived, or lie elsewhere."""

from datetime import datetime

from sqlalchemy import Connection, text

from schemas.base import Frozen
from schemas.ids import CaseId

_GAPS = text("""
WITH linked AS (
    SELECT manifests.kid, manifests.seq, min(devices.name) AS device_name,
        min(coalesce(corrected_at, recordings.captured_at, received_at)) AS start_at,
        max(coalesce(corrected_at, recordings.captured_at, received_at)
            + make_interval(secs => coalesce((facts ->> 'duration_ms')::float8, 0) / 1000)) AS end_at
    FROM case_links
    JOIN recordings ON recordings.id = case_links.recording_id
    JOIN manifests ON manifests.id = recordings.manifest_id
    JOIN devices ON devices.id = manifests.device_id
    WHERE case_links.case_id = :case_id AND unlinked_at IS NULL
    GROUP BY manifests.kid, manifests.seq
), paired AS (
    SELECT kid, device_name, seq, start_at, lag(seq) OVER device AS seq_before, lag(end_at) OVER device AS end_before
    FROM linked WINDOW device AS (PARTITION BY kid ORDER BY seq)
)
SELECT device_name, end_before AS after_at, start_at AS before_at, seq_before + 1 AS first_seq, seq - 1 AS last_seq,
    (
        SELECT count(DISTINCT manifests.seq) FROM manifests
        JOIN recordings ON recordings.manifest_id = manifests.id
        WHERE manifests.kid = paired.kid AND manifests.seq > seq_before AND manifests.seq < paired.seq
    ) AS elsewhere
FROM paired WHERE seq > seq_before + 1
ORDER BY start_at, kid
""")


class SequenceGap(Frozen):
    """What a device numbered between two recordings of a case, both ends included.

    `elsewhere` of them arrived and are not linked to the case; the rest, `missing`, never arrived. The times are the
    end of the recording before and the start of the one after: by sequence, so a changed clock may turn them round.
    """

    device_name: str
    after_at: datetime
    before_at: datetime
    first_seq: int
    last_seq: int
    elsewhere: int

    @property
    def missing(self) -> int:
        """Captures that never arrived."""
        return self.last_seq - self.first_seq + 1 - self.elsewhere


def gaps_of(connection: Connection, case_id: CaseId) -> tuple[SequenceGap, ...]:
    """Return the holes between the recordings of a case, oldest first; the caller has checked the case.

    Only counts of what lies elsewhere are told: its recordings may be outside the viewer's scope.
    """
    rows = connection.execute(_GAPS, {"case_id": case_id}).mappings()
    return tuple(map(SequenceGap.of_row, rows))
