"""Every "must" of tus 1.0.0 (2016-03-25) that binds a server, in words, with the test that holds it from outside.

What binds clients alone stands here where the server answers those who break it. Where we depart from the text, the
row says so.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from api.settings import ApiSettings
from schemas.actor import Role
from storage.store import Store
from tests.factories import enrol_device, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import BODY, VERSION, bearer, metadata, offset_of, opened, patched, stored
from tests.web import TRUST

HERE = Path(__file__).parent
PROTOCOL, EXTENSIONS, CONCAT, INPUT = (
    f"test_{name}.py" for name in ("api_upload", "tus_extensions", "tus_concat", "api_bad_input")
)
MINE = Path(__file__).name


class Must(NamedTuple):
    """A clause of the protocol text, and the tests that hold it: module and name."""

    section: str
    words: str
    module: str
    tests: str


MUSTS = (
    Must("Core", "a server implements the core protocol", PROTOCOL, "test_append_says_the_new_offset"),
    Must("Core", "Upload-Offset and Upload-Length are non-negative integers", PROTOCOL, "test_numbers_are_natural"),
    Must("Core", "Tus-Version is a list of versions, the preferred one first", PROTOCOL,
         "test_options_say_what_is_spoken"),
    Must("Core", "Tus-Resumable stands in every request and response but of OPTIONS, and is the version spoken", MINE,
         "test_every_answer_names_the_version"),
    Must("Core", "another version is 412 with Tus-Version, and the request is not processed", PROTOCOL,
         "test_another_version_is_refused_and_nothing_is_done"),
    Must("Core", "Tus-Extension is a list separated by commas; Tus-Max-Size a non-negative integer", PROTOCOL,
         "test_options_say_what_is_spoken"),
    Must("Core", "X-HTTP-Method-Override is the method, the actual one is ignored", MINE,
         "test_the_method_that_is_meant_counts test_a_method_that_is_no_method_is_refused"),
    Must("Core", "HEAD always has Upload-Offset: at 0, on the way and at the end; Upload-Length when it is known",
         PROTOCOL, "test_head_always_says_the_offset"),
    Must("Core", "HEAD of what is not found has no Upload-Offset: 404, 410 or 403", INPUT,
         "test_an_unknown_upload_is_a_problem"),
    Must("Core", "HEAD is Cache-Control: no-store", PROTOCOL, "test_head_always_says_the_offset"),
    Must("Core", "PATCH is application/offset+octet-stream, else 415", PROTOCOL, "test_another_content_type_is_refused"),
    Must("Core", "another offset than the current one is 409 and changes nothing", PROTOCOL,
         "test_a_wrong_offset_is_told_the_right_one"),
    Must("Core", "PATCH is 204 with Upload-Offset: the one before and what was stored", PROTOCOL,
         "test_append_says_the_new_offset test_a_cut_line_keeps_what_arrived"),
    Must("Core", "OPTIONS is 200 or 204, has Tus-Version and ignores Tus-Resumable", PROTOCOL,
         "test_options_say_what_is_spoken"),
    Must("Creation", "`creation` is announced", MINE, "test_every_extension_is_announced"),
    Must("Creation", "Upload-Defer-Length is 1, and missing when the length is known", EXTENSIONS,
         "test_a_length_comes_later test_creation_needs_one_of_both"),
    Must("Creation", "Upload-Metadata: pairs separated by commas, key and base64 by a blank, keys unique, never empty",
         MINE, "test_metadata_has_one_form"),
    Must("Creation", "the value of a pair may be empty, without the blank", PROTOCOL,
         "test_metadata_comes_back_as_sent"),
    Must("Creation", "POST has a length, or Upload-Defer-Length: 1", PROTOCOL, "test_a_length_is_needed"),
    Must("Creation", "a length of 0 is complete at once", PROTOCOL, "test_nothing_is_complete_at_once"),
    Must("Creation", "HEAD has Upload-Metadata as the client sent it", PROTOCOL, "test_metadata_comes_back_as_sent"),
    Must("Creation", "a length above Tus-Max-Size is 413", PROTOCOL, "test_a_length_over_the_limit_is_refused"),
    Must("Creation", "success is 201 with Location, and the new offset is 0", MINE,
         "test_a_creation_says_where_it_is"),
    Must("Creation-Defer-Length", "it is announced", MINE, "test_every_extension_is_announced"),
    Must("Creation-Defer-Length", "HEAD has Upload-Defer-Length: 1 until the length is known", EXTENSIONS,
         "test_a_length_comes_later"),
    Must("Creation-Defer-Length", "the client states the length in a PATCH once it knows it", EXTENSIONS,
         "test_a_length_that_comes_last_ends_the_upload"),
    Must("Creation-Defer-Length", "a length once set never changes", EXTENSIONS, "test_a_length_never_changes"),
    Must("Creation-With-Upload", "it is announced, and never without creation", MINE,
         "test_every_extension_is_announced"),
    Must("Creation-With-Upload", "its body is application/offset+octet-stream; another one brings no bytes", MINE,
         "test_a_creation_takes_bytes_of_its_type_alone"),
    Must("Creation-With-Upload", "its answer has Upload-Offset, after what was taken", PROTOCOL,
         "test_creation_takes_the_first_bytes"),
    Must("Expiration", "it is announced", MINE, "test_every_extension_is_announced"),
    Must("Expiration", "Upload-Expires stands in the answer to POST and to every unfinished PATCH", PROTOCOL,
         "test_expiry_is_announced_until_the_end"),
    Must("Expiration", "Upload-Expires is a date of RFC 9110", MINE, "test_an_expiry_is_an_http_date"),
    Must("Expiration", "what has expired is 404 or 410", PROTOCOL, "test_an_expired_upload_is_gone"),
    Must("Checksum", "it is announced; trailers, which are not handled, are not", MINE,
         "test_every_extension_is_announced"),
    Must("Checksum", "the chunk is verified when all of it has come", EXTENSIONS,
         "test_a_checksum_that_holds_moves_the_offset"),
    Must("Checksum", "another digest is 460: the chunk is dropped, the offset stands", EXTENSIONS,
         "test_a_checksum_that_fails_drops_the_chunk"),
    Must("Checksum", "another algorithm is 400: the chunk is dropped, the offset stands", EXTENSIONS,
         "test_a_checksum_of_another_kind_is_refused"),
    Must("Checksum", "sha1 is supported; names are ASCII without capitals", EXTENSIONS,
         "test_what_is_spoken_is_said test_a_checksum_that_holds_moves_the_offset"),
    Must("Checksum", "OPTIONS has Tus-Checksum-Algorithm, a list separated by commas", EXTENSIONS,
         "test_what_is_spoken_is_said"),
    Must("Checksum", "Upload-Checksum is the algorithm, a blank, and base64", EXTENSIONS,
         "test_a_checksum_of_another_kind_is_refused"),
    Must("Termination", "it is announced", MINE, "test_every_extension_is_announced"),
    Must("Termination", "DELETE is 204, and what was ended is 404 or 410 from then on", EXTENSIONS,
         "test_an_unfinished_upload_is_given_up"),
    Must("Termination", "we depart: a finished upload is evidence and never deleted by its sender, 403", EXTENSIONS,
         "test_a_finished_upload_is_not_given_up"),
    Must("Concatenation", "it is announced; concatenation-unfinished, which is not handled, is not", MINE,
         "test_every_extension_is_announced"),
    Must("Concatenation", "the length of a final upload is the sum of its partial ones", CONCAT,
         "test_a_file_is_made_of_its_pieces"),
    Must("Concatenation", "partial uploads are joined in the order of the list", CONCAT,
         "test_a_file_is_made_of_its_pieces"),
    Must("Concatenation", "Upload-Concat is `partial`, or `final;` and addresses between blanks", CONCAT,
         "test_another_form_is_refused"),
    Must("Concatenation", "a final upload is created without Upload-Length", CONCAT, "test_another_form_is_refused"),
    Must("Concatenation", "what is not offered, joining unfinished ones, is refused", CONCAT,
         "test_pieces_are_joined_when_they_are_whole"),
    Must("Concatenation", "metadata of partial uploads is not transferred", CONCAT,
         "test_what_is_said_of_a_piece_is_not_said_of_the_file"),
    Must("Concatenation", "PATCH of a final upload is 403 and modifies neither it nor its partial ones", CONCAT,
         "test_a_file_takes_no_bytes_of_its_own"),
    Must("Concatenation", "HEAD of a joined upload has Upload-Offset and Upload-Length, which are equal", CONCAT,
         "test_a_file_is_made_of_its_pieces test_a_long_join_is_answered_before_its_end"),
    Must("Concatenation", "HEAD of a partial upload has Upload-Offset", CONCAT, "test_what_was_said_is_said_again"),
    Must("Concatenation", "Upload-Length stands where it can be calculated, before the join too", CONCAT,
         "test_what_nobody_joined_is_joined_by_the_sweep"),
    Must("Concatenation", "HEAD, and the answer to the creation, have Upload-Concat as it came", CONCAT,
         "test_what_was_said_is_said_again"),
    Must("Concatenation", "addresses are absolute or relative", CONCAT,
         "test_what_was_said_is_said_again test_an_address_is_read_as_a_reference"),
)  # fmt: skip


@pytest.mark.parametrize("module", sorted({must.module for must in MUSTS}))
def test_every_must_has_its_test(module: str) -> None:
    """A clause names tests that are there."""
    tree = ast.parse((HERE / module).read_text(encoding="utf-8"))
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert {name for must in MUSTS if must.module == module for name in must.tests.split()} <= there


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("tus"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[httpx.Client]:
    device = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
    with (
        serving(store, ApiSettings()) as url,
        httpx.Client(
            base_url=url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as made,
    ):
        yield made


def test_every_extension_is_announced(client: httpx.Client) -> None:
    """Tus-Extension lists what is handled and nothing else."""
    said = client.options("/v1/uploads").headers["Tus-Extension"]

    assert said.split(",") == [
        "creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum", "termination",
        "concatenation",
    ]  # fmt: skip


def test_every_answer_names_the_version(client: httpx.Client) -> None:
    """Tus-Resumable is 1.0.0 on every answer of the upload routes, whatever was asked and however it was answered."""
    url, given_up = opened(client, 3), opened(client, 3)
    ending = client.delete(given_up, headers=VERSION)
    append = {**VERSION, **BODY, "Upload-Offset": "0"}
    answers = [
        ending,
        client.post("/v1/uploads", headers={**VERSION, "Upload-Length": "1"}),
        client.head(url, headers=VERSION),
        client.patch(url, headers=append, content=b"ab"),
        client.post("/v1/uploads", headers=VERSION),
        client.patch(url, headers={**append, "Authorization": "Bearer none"}, content=b"ab"),
        client.head(f"/v1/uploads/{uuid4()}", headers=VERSION),
        client.put(url, headers=VERSION),
        client.patch(url, headers=append, content=b"ab"),
        client.head(given_up, headers=VERSION),
        client.head(url),
        client.patch(url, headers={**append, "Upload-Offset": "2"}, content=b"abc"),
        client.patch(url, headers={**VERSION, "Upload-Offset": "2"}, content=b"c"),
        client.patch(
            url,
            headers={**append, "Upload-Offset": "2", "Upload-Checksum": "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="},
            content=b"x",
        ),
    ]

    assert [one.status_code for one in answers] == [
        204,
        201,
        200,
        204,
        400,
        401,
        404,
        405,
        409,
        410,
        412,
        413,
        415,
        460,
    ]
    assert {one.headers["Tus-Resumable"] for one in answers} == {"1.0.0"}


@pytest.mark.parametrize("actual", ["POST", "GET", "PUT", "DELETE"])
def test_the_method_that_is_meant_counts(store: Store, client: httpx.Client, actual: str) -> None:
    """X-HTTP-Method-Override is taken for the method in any spelling, and what the request line says is ignored."""
    url, given_up = opened(client, 3), opened(client, 3)

    def meant(method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        stated = {**VERSION, "X-HTTP-Method-Override": method, **headers}
        return client.request(actual, path, headers=stated, content=content)

    assert meant("HEAD", url).headers["Upload-Offset"] == "0"
    assert meant("PATCH", url, b"ab", **BODY, **{"Upload-Offset": "0"}).status_code == 204
    assert meant("patch", url, b"c", **BODY, **{"Upload-Offset": "2"}).status_code == 204
    assert meant("DELETE", given_up).status_code == 204
    assert client.head(given_up, headers=VERSION).status_code == 410
    assert stored(store, url) == b"abc"


@pytest.mark.parametrize("named", ["PUT", "BREW", "", "PATCH, DELETE"])
def test_a_method_that_is_no_method_is_refused(client: httpx.Client, named: str) -> None:
    """A method that an upload does not know is 405 by whichever way it is named, and nothing is done."""
    url = opened(client, 3)
    stated = {**VERSION, **BODY, "Upload-Offset": "0", "X-HTTP-Method-Override": named}

    assert client.patch(url, headers=stated, content=b"abc").status_code == 405
    assert offset_of(client, url) == 0


def test_a_creation_says_where_it_is(client: httpx.Client) -> None:
    """201 with Location, where the upload stands at 0."""
    answer = client.post("/v1/uploads", headers={**VERSION, "Upload-Length": "3"})

    assert answer.status_code == 201
    assert offset_of(client, str(client.base_url.join(answer.headers["Location"]))) == 0


@pytest.mark.parametrize(
    "given",
    ["a YQ==,a Yg==", "a YQ==,,b Yg==", "a YQ==,", "a b YQ==", "a a,b", "a =YQ", "ä YQ==", "a YQ==;b Yg=="],
)
def test_metadata_has_one_form(client: httpx.Client, given: str) -> None:
    """A key that is empty or stands twice, a value that is no base64, or another separator is 400: nothing is opened."""
    headers = {**VERSION, "Upload-Length": "3", "Upload-Metadata": given}
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    refused = client.post("/v1/uploads", headers=encoded)

    assert (refused.status_code, refused.json()["slug"]) == (400, "metadata-invalid")
    assert "Location" not in refused.headers


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain"])
def test_a_creation_takes_bytes_of_its_type_alone(store: Store, client: httpx.Client, kind: str) -> None:
    """The body of a creation that is of another type is no beginning of the upload."""
    answer = client.post(
        "/v1/uploads", headers={**VERSION, "Upload-Length": "3", "Content-Type": kind}, content=b"xyz"
    )
    url = answer.headers["Location"]

    assert (answer.status_code, offset_of(client, url)) == (201, 0)
    assert patched(client, url, b"abc").status_code == 204
    assert stored(store, url) == b"abc"


def test_an_expiry_is_an_http_date(client: httpx.Client) -> None:
    """Upload-Expires is an IMF-fixdate (RFC 9110 section 5.6.7), in the answers to POST, PATCH and HEAD."""
    created = client.post(
        "/v1/uploads",
        headers={**VERSION, "Upload-Length": "3", "Upload-Metadata": metadata(filename="a.jpg")},
    )
    url = created.headers["Location"]
    said = [created, patched(client, url, b"a"), client.head(url, headers=VERSION)]
    date = re.compile(
        r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} [\d:]{8} GMT"
    )

    assert all(date.fullmatch(one.headers["Upload-Expires"]) for one in said)
