"""Whoever follows a log keeps what it saw, and names whatever contradicts it – with proof where there is any."""

import argparse
import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobile_contract.client import monitor
from mobile_contract.client.monitor_follow import Follower, Look
from mobile_contract.client.monitor_kept import Kept
from mobile_contract.client.monitor_log import RemoteLog
from schemas.checkpoint import open_checkpoint
from schemas.errors import Conflict, EvidenceError, Invalid, Unavailable
from schemas.fork import Fork, open_fork
from schemas.key_rotation import rotation
from schemas.leaves_log import KeyRole
from schemas.log_tile import TilePath, parse_bundle
from schemas.merkle import root_from_tiles, tiles_of
from schemas.note import vkey_of_seed
from tests.log_operator import ORIGIN, SEED, Answer, History, Operator, entries
from tests.own_chains import opened, own_chain

URL = "http://log.test"


class Watch:
    """A follower of an operator over one folder, begun anew for each look as a new run of the command is."""

    def __init__(self, folder: Path, operator: Operator) -> None:
        self.folder = folder
        self.operator = operator

    def look(self, vkey: str | None = None) -> Look:
        def answered(request: httpx.Request) -> httpx.Response:
            status, body = self.operator.answer(request.url.path)
            return httpx.Response(status, content=body)

        with ExitStack() as held:
            client = held.enter_context(httpx.Client(transport=httpx.MockTransport(answered)))
            kept = Kept(self.folder)
            held.enter_context(kept.locked())
            kept.open(vkey or self.operator.vkey)
            return Follower(RemoteLog(URL, client, patience_seconds=0), kept, self.operator.vkey).look()

    def show(self, history: History) -> Look:
        self.operator.shown = history
        return self.look()

    def named(self, kind: type[EvidenceError] = EvidenceError) -> EvidenceError:
        with pytest.raises(kind) as err:
            self.look()
        return err.value

    def size(self) -> int:
        return open_checkpoint((self.folder / "checkpoint").read_text(), self.operator.vkey).size


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "state", Operator(None))


def contradiction(err: EvidenceError, vkey: str) -> tuple[int, int]:
    """The sizes of the two checkpoints that a kept proof shows to contradict each other, checked as a stranger does."""
    fork = Fork.model_validate_json(Path(str(err.facts["proof"])).read_bytes())
    assert fork.vkey == vkey
    first, second = open_fork(fork)
    return first.size, second.size


@pytest.mark.parametrize(
    "sizes",
    [(1,), (1, 2, 3), (255, 256, 257), (256, 512), (300, 300, 301), (5, 700, 1200), (0, 4), (70_000, 70_001)],
)
def test_a_log_that_grows_is_followed_from_any_size_to_any(watch: Watch, sizes: tuple[int, ...]) -> None:
    """Each look accepts what continues the last one, and the folder is then a whole copy of the log."""
    before = 0
    for size in sizes:
        history = History(entries(size))
        found = watch.show(history)
        assert (found.size, found.new) == (size, size - before)
        before = size
    kept = {
        str(path.relative_to(watch.folder)) for path in (watch.folder / "tile").rglob("*") if path.is_file()
    }
    tiles = [TilePath(level, n, width) for level, n, width in tiles_of(before)]
    tiles += [one._replace(level=None) for one in tiles if one.level == 0]
    assert kept == {one.text for one in tiles}
    for one in tiles:
        assert (watch.folder / one.text).read_bytes() == history.served(one.text)


def test_only_what_is_new_is_fetched(watch: Watch) -> None:
    """A second look asks for the checkpoint, the last bundle and the tiles that changed; a third for the checkpoint."""
    watch.show(History(entries(1000)))
    watch.operator.asked.clear()
    watch.show(History(entries(1001)))
    assert watch.operator.asked == [
        "/v1/log/checkpoint",
        "/v1/log/tile/entries/003.p/233",
        "/v1/log/tile/0/003.p/233",
    ]
    watch.operator.asked.clear()
    assert watch.look().new == 0
    assert watch.operator.asked == ["/v1/log/checkpoint"]


def test_a_log_that_has_not_begun_is_waited_for(watch: Watch) -> None:
    """No checkpoint yet is no fault; once there was one, having none is."""
    assert watch.look() == Look(0, None, 0)
    watch.show(History(entries(3)))
    watch.operator.shown = None
    assert watch.named().slug == "log-shrank"


def test_two_roots_at_one_size_are_a_fork_that_anybody_can_check(watch: Watch) -> None:
    """Both notes are kept, and they alone prove it."""
    watch.show(History(entries(300)))
    watch.operator.shown = History([*entries(299), b"x" * 32])
    err = watch.named()
    assert err.slug == "log-forked"
    assert contradiction(err, watch.operator.vkey) == (300, 300)
    assert watch.size() == 300


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 512, 700])
@pytest.mark.parametrize("changed", ["first", "last", "all"])
def test_a_past_that_was_rewritten_is_a_fork_however_the_log_has_grown(
    watch: Watch, size: int, changed: str
) -> None:
    """A longer log that does not begin with what was seen: its own tiles prove it against its own signatures."""
    told = entries(size)
    watch.show(History(told))
    other = {"first": [b"x" * 32, *told[1:]], "last": [*told[:-1], b"x" * 32], "all": entries(size, "other ")}
    watch.operator.shown = History([*other[changed], *entries(77, "more ")])
    err = watch.named()
    assert err.slug == "log-forked"
    assert contradiction(err, watch.operator.vkey) == (size, size + 77)
    assert watch.size() == size


@pytest.mark.parametrize("size", [1, 2, 256, 299])
def test_a_shorter_log_is_set_back_or_forked(watch: Watch, size: int) -> None:
    """Fewer entries: the beginning of what was seen is a log that was set back; anything else is proof of a fork."""
    watch.show(History(entries(300)))
    watch.operator.shown = History(entries(size))
    err = watch.named()
    assert err.slug == "log-shrank"
    assert Path(str(err.facts["proof"])).read_text() == History(entries(size)).note()
    watch.operator.shown = History(entries(size, "other "))
    err = watch.named()
    assert err.slug == "log-forked"
    assert contradiction(err, watch.operator.vkey) == (size, 300)
    assert watch.show(History(entries(301))).new == 1


def test_a_key_that_the_followed_one_has_not_signed_is_named(watch: Watch) -> None:
    """Whoever serves a whole chain of their own, or a rotation that another key signed, shows another log all the same."""
    watch.show(History(entries(300)))
    stranger = bytes(32)
    stolen = rotation(KeyRole.LOG, SEED, stranger).model_copy(
        update={"proof": rotation(KeyRole.LOG, stranger, SEED).proof}
    )
    for acts in ([opened(stranger, ORIGIN)], [opened(SEED, ORIGIN), stolen]):
        watch.operator.chain = own_chain(acts, stranger, origin=ORIGIN)
        watch.operator.shown = History(entries(310), seed=stranger)
        assert watch.named().slug == "log-foreign"
    assert watch.size() == 300


@pytest.mark.parametrize(
    "history",
    [
        History(entries(310), seed=bytes(32)),
        History(entries(310), origin="another.test/log"),
        History(entries(310), origin="another.test/log", seed=bytes(32)),
    ],
    ids=["another key", "another origin", "another log"],
)
def test_another_key_or_origin_is_named(watch: Watch, history: History) -> None:
    """A checkpoint that the followed key has not signed under its own name is kept and refused."""
    watch.show(History(entries(300)))
    watch.operator.shown = history
    err = watch.named()
    assert err.slug == "log-foreign"
    assert Path(str(err.facts["proof"])).read_text() == history.note()
    assert watch.size() == 300


def _changed(at: int) -> Callable[[Answer], Answer]:
    return lambda found: (found[0], found[1][:at] + bytes([found[1][at] ^ 1]) + found[1][at + 1 :])


_WITHHELD: Answer = (404, b'{"slug":"tile-unknown"}')


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("tile/entries/001.p/54", _changed(-3)),
        ("tile/entries/001.p/54", _changed(0)),
        ("tile/entries/001.p/54", _changed(40)),
        ("tile/entries/001.p/54", lambda found: (200, found[1][:-1])),
        ("tile/entries/001.p/54", lambda found: (200, found[1][:-34])),
        ("tile/entries/001.p/54", lambda _: _WITHHELD),
        ("tile/0/001.p/54", _changed(-1)),
        ("tile/0/001.p/54", lambda found: (200, found[1][:-32])),
        ("tile/0/001.p/54", lambda _: _WITHHELD),
    ],
    ids=[
        "new entry altered", "length altered", "seen entry altered", "entry cut", "entry missing", "bundle withheld",
        "tile altered", "tile cut", "tile withheld",
    ],
)  # fmt: skip
def test_what_does_not_lead_to_the_signed_root_is_no_continuation(
    watch: Watch, path: str, change: Callable[[Answer], Answer]
) -> None:
    """One altered byte of an entry or tile, or one that is withheld: named, nothing of it is kept."""
    watch.show(History(entries(300)))
    watch.operator.shown = history = History(entries(310))
    watch.operator.twist = lambda asked, found: change(found) if asked == path else found
    err = watch.named()
    assert err.slug == "log-unproven"
    assert Path(str(err.facts["proof"])).read_text() == history.note()
    watch.operator.twist = None
    assert watch.look().new == 10


def test_a_signature_over_nothing_is_no_continuation(watch: Watch) -> None:
    """A root that is signed and that no tile leads to proves no fork, and is not believed."""
    watch.show(History(entries(300)))
    shown, signed = History(entries(310)), History(entries(310, "other "))
    watch.operator.shown = shown
    watch.operator.twist = lambda path, found: (
        (200, signed.note().encode()) if path == "checkpoint" else found
    )
    assert watch.named().slug == "log-unproven"


def test_a_partial_tile_that_was_dropped_is_cut_from_the_full_one(watch: Watch) -> None:
    """C2SP lets a log drop partial tiles once the full one stands; a follower that comes late still gets its part."""
    longer, signed = History(entries(600)), History(entries(400))
    watch.operator.shown = longer

    def late(path: str, found: Answer) -> Answer:
        if path == "checkpoint":
            return 200, signed.note().encode()
        return _WITHHELD if ".p/" in path and path.startswith(("tile/0/", "tile/entries/")) else found

    watch.operator.twist = late
    assert watch.look().size == 400
    assert len(parse_bundle((watch.folder / "tile/entries/001.p/144").read_bytes())) == 144


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>log in</html>"),
        (200, b"\xff"),
        (404, b"not here"),
        (404, b"[1]"),
        (302, b""),
        (503, b""),
        (500, b"{}"),
    ],
)
def test_what_is_no_log_is_silence_and_no_accusation(watch: Watch, answer: Answer) -> None:
    """A portal, an old server or a fault between: the log did not answer, which is not to say that it lied."""
    watch.show(History(entries(3)))
    watch.operator.twist = lambda path, found: answer
    assert isinstance(watch.named(Unavailable), Unavailable)
    assert not (watch.folder / "proofs").exists()


def test_a_folder_follows_one_key(watch: Watch) -> None:
    """Another key needs another folder: what was seen under one is nothing under the other."""
    watch.show(History(entries(3)))
    with pytest.raises(Conflict) as err:
        watch.look(vkey_of_seed(ORIGIN, bytes(32)))
    assert err.value.slug == "monitor-of-another"
    with pytest.raises(Invalid):
        watch.look("no key")


def test_two_at_once_are_refused(watch: Watch) -> None:
    """One folder, one program."""
    watch.folder.mkdir()
    with Kept(watch.folder).locked():
        assert watch.named().slug == "monitor-busy"


@pytest.mark.parametrize("path", ["checkpoint", "tile/1/000.p/1", "tile/0/001.p/44"])
def test_a_damaged_folder_says_so(watch: Watch, path: str) -> None:
    """What was kept is verified before anything is compared with it: a bad disk accuses nobody."""
    watch.show(History(entries(300)))
    file = watch.folder / path
    payload = file.read_bytes()
    for damaged in (payload[:-1] + bytes([payload[-1] ^ 1]), payload[:-1], b"", b"\xff"):
        file.write_bytes(damaged)
        assert watch.named(Conflict).slug == "monitor-damaged"


def test_a_damaged_tile_of_long_ago_accuses_nobody(watch: Watch) -> None:
    """A full tile is summed up by the one above and not read at the start; where it is needed, it must lead there."""
    watch.show(History(entries(300)))
    tile = watch.folder / "tile/0/000"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    watch.operator.shown = History(entries(100))
    assert watch.named(Conflict).slug == "monitor-damaged"


def test_tiles_that_contradict_each_other_prove_no_fork(watch: Watch) -> None:
    """Another past under an upper tile that does not follow from it proves only that this log serves nonsense."""
    watch.show(History(entries(100)))
    true, other = History(entries(300)), History(entries(300, "other "))
    watch.operator.shown = true

    def mixed(path: str, found: Answer) -> Answer:
        return (200, other.served(path) or b"") if path == "tile/0/000" else found

    watch.operator.twist = mixed
    assert watch.named().slug == "log-unproven"
    watch.operator.twist = lambda path, found: (
        (200, other.served(path) or b"") if path.startswith(("tile/0/000", "tile/entries")) else found
    )
    assert watch.named().slug == "log-unproven"


def test_a_crash_before_the_checkpoint_leaves_the_old_one_whole(watch: Watch) -> None:
    """Files of the next checkpoint may stand already; the last one still verifies, and the next look goes on."""
    watch.show(History(entries(250)))
    kept = Kept(watch.folder)
    kept.open(watch.operator.vkey)
    later = History(entries(260))
    (watch.folder / "checkpoint").chmod(0o444)
    for level, n, width in tiles_of(260):
        path = watch.folder / TilePath(level, n, width).text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(later.tile(level, n))
    assert watch.show(later).new == 10


@given(
    told=st.integers(1, 600),
    kept=st.integers(0, 600),
    grown=st.integers(0, 300),
)
@settings(max_examples=40)
def test_a_fork_is_named_exactly_where_histories_part(
    tmp_path_factory: pytest.TempPathFactory, told: int, kept: int, grown: int
) -> None:
    """Whatever the sizes, and wherever two histories part: what continues is accepted, and nothing else is."""
    kept = min(kept, told)
    watch = Watch(tmp_path_factory.mktemp("watch"), Operator(None))
    watch.show(History(entries(told)))
    other = History([*entries(kept), *entries(grown, "other ")])
    watch.operator.shown = other
    if kept == told:
        assert watch.look().new == grown
    elif other.size == 0:
        assert watch.named().slug == "log-shrank"
    else:
        err = watch.named()
        assert err.slug == ("log-shrank" if grown == 0 else "log-forked")


def test_a_file_that_proves_nothing_is_no_fork() -> None:
    """Two honest checkpoints, a wrong root, a wrong path, another key: none of it convinces anybody."""
    whole, short = History(entries(300)), History(entries(256))
    root = root_from_tiles(256, whole.tile)
    honest = Fork(
        vkey=vkey_of_seed(ORIGIN, SEED),
        older=short.note(),
        newer=whole.note(),
        root=b64encode(root).decode(),
    )
    wrong = [
        honest,
        honest.model_copy(update={"root": b64encode(bytes(32)).decode()}),
        honest.model_copy(update={"root": "x"}),
        honest.model_copy(update={"vkey": vkey_of_seed(ORIGIN, bytes(32))}),
        honest.model_copy(update={"older": whole.note(), "newer": short.note()}),
        honest.model_copy(update={"older": "x"}),
    ]
    for fork in wrong:
        with pytest.raises(Invalid):
            open_fork(fork)


@pytest.mark.parametrize("is_older", [False, True])
def test_a_kept_proof_is_checked_without_any_server(
    watch: Watch, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, is_older: bool
) -> None:
    """The command shows both heads and ends by 10; of another key by 12; what proves nothing ends it by 2."""

    def checked(path: Path, *words: str) -> tuple[int, dict[str, Any]]:
        parser = argparse.ArgumentParser()
        monitor.add_arguments(parser)
        code = monitor.run(parser.parse_args(["--fork", str(path), *words, "--json"]))
        return code, json.loads(capsys.readouterr().out)

    watch.show(History(entries(256 if is_older else 300)))
    watch.operator.shown = History([b"x" * 32, *entries(299)])
    proof = Path(str(watch.named().facts["proof"]))
    code, said = checked(proof)
    assert (code, said["problem"], said["is_key_given"]) == (10, "log-forked", False)
    assert [said[one]["size"] for one in ("older", "newer")] == [256 if is_older else 300, 300]
    assert said["older"]["root"] != said["newer"]["root"]
    assert checked(proof, "--vkey", watch.operator.vkey)[1]["is_key_given"]
    assert checked(proof, "--vkey", vkey_of_seed(ORIGIN, bytes(32)))[0] == 12
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text(json.dumps(json.loads(proof.read_text()) | {"root": b64encode(bytes(32)).decode()}))
    for path in (spoilt, watch.folder / "checkpoint", tmp_path / "absent"):
        assert checked(path)[0] == 2
