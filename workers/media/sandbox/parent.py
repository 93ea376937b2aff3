"""The parent's side of the decoder child (`fork`): one look at a time at a file that nobody trusts.

A decoder that crashed, hung or ate its memory says nothing about the recording: the check becomes `not_checked` with the
reason, and the recording goes on to be sealed on what was checked.
"""

from pathlib import Path

from schemas.tolerance import DECLARED_TOLERANCES, Tolerances
from workers.media.container import check_container, note
from workers.media.result import Limits, Probe, Stop
from workers.media.sandbox.fork import Confined, DecoderFailedError, MemoryToldError
from workers.media.sandbox.pipe import Read, pack_request, read_frame, read_probe
from workers.media.sniff import HEAD_BYTES, check_name, sniff
from workers.media.work import Lane


class Sandbox(Confined):
    """Runs `probe` in a confined child under limits."""

    def __init__(self, limits: Limits | None = None, *, module: str = "workers.media.sandbox.child") -> None:
        super().__init__(limits, module=module)

    def probe(
        self,
        path: Path,
        *,
        filename: str,
        lane: Lane = Lane.SLOW,
        allowed: Tolerances = DECLARED_TOLERANCES,
    ) -> Probe:
        """Look into the file at `path`, which the device called `filename`.

        Never raises for what the file is like: a child that ended badly becomes `not_checked` with
        `decoder-crashed`, `decoder-timeout` or `decoder-memory`, and the next file gets a new one. On a machine that
        cannot confine a child it is `not_checked` with `no-sandbox`, and no decoder has seen the file.
        `lane` says how much work the look may cost, `allowed` what the agency of the file allows.

        Raises:
            OSError: the file cannot be read by the parent either.
        """
        seconds = self.limits.wall_seconds(path.stat().st_size, lane)
        try:
            return self._asked(path, pack_request(filename, lane, allowed), seconds, _probe)
        except DecoderFailedError as why:
            return _unanswered(path, filename, why.code)


def _probe(read: Read) -> Probe:
    header = read_frame(read)
    if header.get("memory"):
        raise MemoryToldError
    return read_probe(header, read)


def _unanswered(path: Path, filename: str, code: str) -> Probe:
    """What the parent can say alone: the type by the first bytes, and that nothing was decoded."""
    with path.open("rb") as file:
        media_type = sniff(file.read(HEAD_BYTES))
    undecoded = check_container([note(code)])
    stopped = Stop.TIME if code == "decoder-timeout" else None
    return Probe(media_type=media_type, checks=(check_name(filename, media_type), undecoded), stopped=stopped)
