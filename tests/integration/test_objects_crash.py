"""Object stores when something breaks in the middle: the wire, the store, our process, a fork."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from schemas.errors import Conflict, EvidenceError, StorageFull, Unavailable
from storage.objects.pool import CONNECT_SECONDS
from storage.objects.port import open_objects
from tests.fakes import Fault, FaultyObjects
from tests.stand import PATIENCE_SECONDS, ROOT
from tests.stores import MIB, MIN_PART_BYTES, Wire, digest, folder_url, fresh_key, read, sent, wire

BODY = b"evidence" * 1000


@pytest.fixture
def cable(objects_url: str) -> Iterator[Wire]:
    with wire(objects_url) as made:
        yield made


@pytest.fixture
def key() -> str:
    return fresh_key()


def test_a_put_whose_answer_is_lost_is_repeated_and_makes_one_version(
    cable: Wire, objects_url: str, key: str
) -> None:
    """The second attempt finds the first one's object, recognises the bytes and gives its version."""
    cable.lose(1)
    stored = open_objects(cable.url).put(key, [BODY], sha256=digest(BODY))
    assert cable.connections > 1
    assert open_objects(objects_url).put(key, [BODY], sha256=digest(BODY)) == stored


def test_a_finish_whose_answer_is_lost_is_repeated_and_makes_one_version(
    cable: Wire, objects_url: str, key: str
) -> None:
    """The parts are gone when the finish is repeated; the object that they became is recognised."""
    objects = open_objects(cable.url)
    ref = objects.begin_parts(key)
    parts = [sent(objects, key, ref, 1, os.urandom(MIN_PART_BYTES)), sent(objects, key, ref, 4, b"tail")]
    cable.lose(1)
    stored = objects.finish_parts(key, ref, parts)
    assert open_objects(objects_url).finish_parts(key, ref, parts) == stored


def test_a_part_whose_answer_is_lost_is_sent_again_whole(cable: Wire, key: str) -> None:
    """The repeat sends every piece from the first byte on, though the body is a list of pieces."""
    objects = open_objects(cable.url)
    ref = objects.begin_parts(key)
    cable.lose(1)
    part = sent(objects, key, ref, 1, BODY)
    assert read(objects, key, objects.finish_parts(key, ref, [part]).version_id) == BODY


def test_answers_that_stay_lost_are_unavailable_and_the_next_call_succeeds(
    cable: Wire, objects_url: str, key: str
) -> None:
    """Three lost answers end the call; the object may be there, and repeating the call gives it."""
    cable.lose(3)
    with pytest.raises(Unavailable):
        open_objects(cable.url).put(key, [BODY], sha256=digest(BODY))
    assert open_objects(objects_url).put(key, [BODY], sha256=digest(BODY)).size_bytes == len(BODY)


def test_a_read_that_breaks_off_is_an_error_and_never_a_short_file(
    cable: Wire, objects_url: str, key: str
) -> None:
    """When the wire is cut in the middle of an object the reader raises instead of ending."""
    body = os.urandom(MIB)
    stored = open_objects(objects_url).put(key, [body], sha256=digest(body))
    cable.cut(300_000)
    with pytest.raises(Unavailable):
        read(open_objects(cable.url), key, stored.version_id)


def test_a_reader_that_stops_early_harms_no_later_call(cable: Wire, objects_url: str, key: str) -> None:
    """A half-read object's connection is thrown away; the next read begins with its own bytes."""
    body = os.urandom(4 * MIB)
    stored = open_objects(objects_url).put(key, [body], sha256=digest(body))
    objects = open_objects(cable.url)
    for _ in range(3):
        with objects.open(key, stored.version_id) as source:
            assert source.readinto(bytearray(10)) == 10
        objects.begin_parts(fresh_key())  # never repeated, so a spoilt connection would show
    assert read(objects, key, stored.version_id) == body


def test_a_fork_uses_connections_of_its_own(cable: Wire, objects_url: str, key: str) -> None:
    """A child process opens a new connection instead of sharing its parent's."""
    program = f"""
import os
from hashlib import sha256
from storage.objects.port import open_objects
objects = open_objects({cable.url!r})
put = lambda name: objects.put({key!r} + name, [name.encode()], sha256=sha256(name.encode()).digest())
put("-before")
child = os.fork()
put("-child" if child == 0 else "-parent")
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert cable.connections == 2
    objects = open_objects(objects_url)
    for name in ("-before", "-child", "-parent"):
        with pytest.raises(Conflict):
            objects.put(key + name, [b"x"], sha256=digest(b"x"))


class _Scripted(BaseHTTPRequestHandler):
    """Answers with the statuses of its server's script, the last one for ever; counts whole bodies."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        received = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        script = self.server.script
        self.server.bodies.append(received)
        status, text = script.pop(0) if len(script) > 1 else script[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("x-amz-version-id", self.server.version)
        self.send_header("ETag", '"tag"')
        self.end_headers()
        self.wfile.write(text)

    do_PUT = do_POST = do_GET = do_HEAD = do_DELETE = _answer  # noqa: N815 - the names http.server calls

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Scripted)
    server.bodies, server.version = [], "v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _url(server: ThreadingHTTPServer) -> str:
    return f"s3+http://key:secret@127.0.0.1:{server.server_port}/evidence?staging=staging"


def _error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>hidden</Message></Error>".encode()


def test_a_busy_store_is_asked_again(scripted: ThreadingHTTPServer, key: str) -> None:
    """Two 503s and a success are a success, and every attempt carried the whole body."""
    scripted.script = [(503, _error("SlowDown")), (503, b""), (200, b"")]
    open_objects(_url(scripted)).put(key, [BODY, BODY], sha256=digest(BODY, BODY))
    assert scripted.bodies == [BODY + BODY] * 3


def test_a_store_that_pauses_in_the_middle_of_a_body_is_waited_for(key: str) -> None:
    """A disk that syncs for longer than a connection may take is slow, not dead: one attempt, no repeat."""
    body = bytes(24 * MIB)  # more than the socket buffers of both sides hold
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted: list[socket.socket] = []

        def serve() -> None:
            client, _ = listener.accept()
            accepted.append(client)
            time.sleep(CONNECT_SECONDS + 1)
            with client, client.makefile("rb") as stream:
                while stream.readline() != b"\r\n":
                    pass
                stream.read(len(body))
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-amz-version-id: v1\r\n\r\n")

        server = threading.Thread(target=serve)
        server.start()
        url = f"s3+http://key:secret@127.0.0.1:{listener.getsockname()[1]}/evidence?staging=staging"
        assert open_objects(url).put(key, [body], sha256=digest(body)).version_id == "v1"
        server.join()
    assert len(accepted) == 1


@pytest.mark.parametrize("name", ["a b", "v?", "v" * 1_025], ids=["blank", "mark", "long"])
def test_a_version_that_no_leaf_can_name_is_told(scripted: ThreadingHTTPServer, key: str, name: str) -> None:
    """The store must be looked at: nothing is acknowledged, and the name is met before a leaf would refuse it."""
    scripted.script, scripted.version = [(200, b"")], name
    with pytest.raises(Unavailable) as caught:
        open_objects(_url(scripted)).put(key, [BODY], sha256=digest(BODY))
    assert caught.value.slug == "object-version-unreadable"


def test_opening_a_multipart_is_never_repeated(scripted: ThreadingHTTPServer, key: str) -> None:
    """A second attempt could leave a multipart object that nobody knows: one request, then unavailable."""
    scripted.script = [(503, _error("SlowDown"))]
    with pytest.raises(Unavailable):
        open_objects(_url(scripted)).begin_parts(key)
    assert len(scripted.bodies) == 1


@pytest.mark.parametrize(
    ("status", "text", "wanted"),
    [
        (507, _error("XMinioStorageFull"), StorageFull),
        (400, _error("QuotaExceeded"), StorageFull),
        (500, _error("InternalError"), Unavailable),
        (502, b"<html>proxy</html>", Unavailable),
        (403, b"", Unavailable),
        (409, _error("OperationAborted"), Unavailable),
        (404, _error("NoSuchBucket"), Unavailable),
    ],
)
def test_what_a_store_answers_becomes_one_of_our_errors(
    scripted: ThreadingHTTPServer, key: str, status: int, text: bytes, wanted: type[EvidenceError]
) -> None:
    """Room, trouble and misconfiguration are told apart, and the store's own words stay out of the detail."""
    scripted.script = [(status, text)]
    with pytest.raises(wanted) as caught:
        open_objects(_url(scripted)).put(key, [BODY], sha256=digest(BODY))
    assert type(caught.value) is wanted
    assert "hidden" not in str(caught.value)


def test_over_tls_only_a_trusted_store_gets_bytes(
    scripted: ThreadingHTTPServer, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`s3+https` refuses a certificate of an unknown authority, and takes it when `SSL_CERT_FILE` names it."""
    files = [str(tmp_path / name) for name in ("cert.pem", "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=store",
         "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    scripted.socket = context.wrap_socket(scripted.socket, server_side=True)
    scripted.script = [(200, b"")]
    url = _url(scripted).replace("s3+http:", "s3+https:")
    with pytest.raises(Unavailable):
        open_objects(url).put(key, [BODY], sha256=digest(BODY))
    assert scripted.bodies == []
    monkeypatch.setenv("SSL_CERT_FILE", files[0])
    open_objects(url).put(key, [BODY], sha256=digest(BODY))
    assert scripted.bodies == [BODY]


def test_a_failure_inside_a_200_is_a_failure(scripted: ThreadingHTTPServer, key: str) -> None:
    """S3 may answer a completion with 200 and an error in the body; that is no success."""
    scripted.script = [(200, b"\n\n  <?xml version='1.0'?>\n" + _error("InternalError"))]
    with pytest.raises(Unavailable):
        open_objects(_url(scripted)).finish_parts(key, "ref", [])


@pytest.mark.parametrize("act", ["put", "stream"])
def test_a_killed_writer_leaves_whole_objects_only(tmp_path: Path, act: str) -> None:
    """After SIGKILL in the middle of writing, what was returned is there and what is there is whole."""
    write = {
        "put": "objects.put(key, [body], sha256=sha256(body).digest())",
        "stream": f"objects.put_stream(key, iter([body] * 3), part_bytes={MIB})",
    }[act]
    program = f"""
import os
from hashlib import sha256
from itertools import count
from storage.objects.port import open_objects
objects = open_objects({folder_url(tmp_path)!r})
for number in count():
    key, body = f"killed/{{number}}", bytes([number % 256]) * {MIB}
    stored = {write}
    print(key, stored.version_id, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        returned = [child.stdout.readline().split() for _ in range(5)]
        child.send_signal(signal.SIGKILL)
        returned += [line.split() for line in child.stdout if line.endswith("\n")]
    objects = open_objects(folder_url(tmp_path))
    shown = [
        (str(path.parent.relative_to(tmp_path / "objects" / "evidence")), path.name[1:])
        for path in (tmp_path / "objects" / "evidence").rglob("@*")
        if path.suffix != ".json"
    ]
    assert {tuple(pair) for pair in returned} <= set(shown)
    for key, version_id in shown:
        body = bytes([int(key.rsplit("/", 1)[1]) % 256]) * (MIB if act == "put" else 3 * MIB)
        assert read(objects, key, version_id) == body
        assert objects.stat(key, version_id).size_bytes == len(body)


FULL = """
import sys
from hashlib import sha256
from pathlib import Path
from schemas.errors import StorageFull
from storage.objects.port import open_objects

folder = Path(sys.argv[1])
objects = open_objects(f"file://{folder}?min_free_bytes={sys.argv[2]}")
body = bytes(3 << 20)
digest = sha256(body).digest()
files = lambda: sorted(path for path in folder.rglob("*") if path.is_file())
kept = [objects.put(f"a/{n}", [body], sha256=digest).version_id for n in range(2)]
ref = objects.begin_parts("a/3")
before = files()
for act in (
    lambda: objects.put("a/2", [body], sha256=digest),
    lambda: objects.put_part("a/3", ref, 1, [body], sha256=digest),
    lambda: objects.put_staging("a/4", [body], sha256=digest),
    lambda: objects.put_stream("a/5", iter([body]), part_bytes=1 << 20),
):
    try:
        act()
    except StorageFull:
        continue
    sys.exit("a full disk took the bytes")
assert files() == before, files()
for n, version_id in enumerate(kept):
    assert objects.stat(f"a/{n}", version_id).size_bytes == len(body)
print("sound")
"""


# A reserve below zero lets the write begin, as when another program takes the room meanwhile.
@pytest.mark.parametrize("reserve", [0, -(1 << 40)])
def test_a_disk_that_fills_up_keeps_what_it_had(tmp_path: Path, reserve: int) -> None:
    """On a real file system of eight mebibytes the third object is refused and leaves nothing behind."""
    mount = (
        f'mount -t tmpfs -o size=8m tmpfs {tmp_path} && exec {sys.executable} -c "$0" {tmp_path} {reserve}'
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, FULL],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.stdout == "sound\n", done.stderr


def test_the_faulty_store_fails_as_told(tmp_path: Path, key: str) -> None:
    """Lost keeps nothing, kept keeps and hides the answer, stalled goes on when released; then all is well."""
    objects = FaultyObjects(open_objects(folder_url(tmp_path)))
    objects.fail("put", Fault.LOST)
    with pytest.raises(Unavailable):
        objects.put(key, [BODY], sha256=digest(BODY))
    assert objects.real.put(key, [b"other"], sha256=digest(b"other")).size_bytes == 5
    objects.fail("put_staging", Fault.KEPT, skip=1)
    objects.put_staging("first", [BODY], sha256=digest(BODY))
    with pytest.raises(Unavailable):
        objects.put_staging("second", [BODY], sha256=digest(BODY))
    assert objects.read_staging("second") == BODY
    objects.fail("read_staging", Fault.STALLED)
    reader = threading.Thread(target=objects.read_staging, args=("first",))
    reader.start()
    assert objects.is_stalled.wait(PATIENCE_SECONDS)
    assert reader.is_alive()
    objects.release()
    reader.join()
    assert objects.calls == ["put", "put_staging", "put_staging", "read_staging", "read_staging"]
    with pytest.raises(AttributeError):
        objects.fail("puut", Fault.LOST)
