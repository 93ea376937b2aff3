"""The server's own authority: what it may sign, what a client believes it, and when it is drawn anew."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from schemas.errors import Invalid, Unavailable
from schemas.served import Served, served_by
from storage.setup.authority import Authority, fingerprint

NOW = datetime.now(UTC).replace(microsecond=0)
ENTRIES = ("law.example.cn", "*.inside.example", "192.168.1.5", "[2001:db8::7]", "10.2.0.0/16")


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def prepared(folder: Path, *entries: str, clock: Clock | None = None) -> Authority:
    made = Authority(folder, served_by(entries or ENTRIES), clock or Clock())
    made.prepare()
    return made


def spoken(certificate: Path, trusted: Path, host: str) -> str:
    """The version of TLS that a client which trusts `trusted` speaks with `host`; no socket is needed."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    client = ssl.create_default_context(cafile=str(trusted))
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(down, up, server_hostname=host),
        server.wrap_bio(up, down, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends[0].version() or ""


@pytest.mark.parametrize(
    "host",
    ["law.example.cn", "a.inside.example", "192.168.1.5", "2001:db8::7", "localhost", "127.0.0.1", "::1"],
)
def test_a_client_that_trusts_the_authority_speaks_with_what_is_served(host: str, tmp_path: Path) -> None:
    """By every configured name and single address, and by loopback, TLS 1.3 is spoken and the host is the right one."""
    made = prepared(tmp_path / "tls")
    assert spoken(made.leaf_path, made.certificate_path, host) == "TLSv1.3"


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.6", "10.2.0.7", "inside.example"])
def test_what_is_not_served_is_not_believed(host: str, tmp_path: Path) -> None:
    """No certificate is drawn for another name, nor for an address that no certificate can hold."""
    made = prepared(tmp_path / "tls")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        spoken(made.leaf_path, made.certificate_path, host)


@pytest.mark.parametrize(
    ("name", "is_authority", "why"),
    [
        (x509.DNSName("bank.example"), False, "permitted subtree violation"),
        (x509.IPAddress(served_by(["192.168.1.6"]).addresses[-1]), False, "permitted subtree violation"),
        (x509.DNSName("law.example.cn"), True, "path length"),
    ],
)
def test_a_stolen_key_of_the_authority_speaks_for_nobody_else(
    name: x509.GeneralName, is_authority: bool, why: str, tmp_path: Path
) -> None:
    """Whoever installed it is not endangered by it: other names, addresses and authorities below it are refused."""
    made = prepared(tmp_path / "tls")
    forged = tmp_path / "forged.pem"
    forged.write_bytes(_forged(tmp_path / "tls" / "ca.pem", name, has_intermediate=is_authority))
    host = name.value if isinstance(name.value, str) else str(name.value)
    with pytest.raises(ssl.SSLCertVerificationError, match=why):
        spoken(forged, made.certificate_path, host)


def _forged(pair: Path, name: x509.GeneralName, *, has_intermediate: bool) -> bytes:
    """Key and chain for `name`, signed by the authority's key, or by one that it was made to sign."""
    signer = load_pem_private_key(pair.read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(pair.read_bytes())
    chain = []
    if has_intermediate:
        between = generate_private_key(SECP256R1())
        issuer = _signed(issuer, signer, between, "between", x509.BasicConstraints(ca=True, path_length=None))
        signer, chain = between, [issuer]
    key = generate_private_key(SECP256R1())
    leaf = _signed(issuer, signer, key, "leaf", x509.SubjectAlternativeName([name]))
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text + b"".join(one.public_bytes(Encoding.PEM) for one in (leaf, *chain))


def _signed(
    issuer: x509.Certificate, signer: object, key: object, name: str, *more: object
) -> x509.Certificate:
    begun = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())  # type: ignore[attr-defined] # a key of ours
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    for one in more:
        begun = begun.add_extension(one, critical=True)  # type: ignore[arg-type] # an extension
    return begun.sign(signer, hashes.SHA256())  # type: ignore[arg-type] # a key of ours


def test_the_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    """Folder and files are private from their first byte on."""
    prepared(tmp_path / "tls")
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert {
        one.name: stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "tls").iterdir()
    } == dict.fromkeys(("ca.pem", "ca.crt", "server.pem"), 0o600)


def test_a_certificate_lasts_no_longer_than_browsers_take(tmp_path: Path) -> None:
    """At most 398 days, for servers alone, and never beyond its authority."""
    made = prepared(tmp_path / "tls")
    leaf, own = made.leaf, made.certificate
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=398)
    assert leaf.not_valid_after_utc <= own.not_valid_after_utc
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    asked = own.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (asked.critical, asked.value.path_length) == (True, 0)
    assert own.extensions.get_extension_for_class(x509.NameConstraints).critical


def test_a_second_start_keeps_both(tmp_path: Path) -> None:
    """What a phone has installed stays good, and no certificate is drawn without need."""
    first = prepared(tmp_path / "tls")
    second = Authority(tmp_path / "tls", served_by(ENTRIES), Clock())
    assert not second.prepare()
    assert fingerprint(second.certificate) == fingerprint(first.certificate)
    assert fingerprint(second.leaf) == fingerprint(first.leaf)


def test_it_is_drawn_anew_while_the_server_runs(tmp_path: Path) -> None:
    """With a third of its time left there is a new one of the same authority, under a new key, and clients believe it."""
    clock = Clock()
    made = prepared(tmp_path / "tls", clock=clock)
    before, own = made.leaf, made.certificate
    clock.now = before.not_valid_after_utc - timedelta(days=31)
    assert not made.renew()
    clock.now += timedelta(days=2)
    assert made.renew()
    assert not made.renew()
    assert made.leaf.not_valid_after_utc > before.not_valid_after_utc
    assert made.leaf.public_key() != before.public_key()
    assert made.certificate == own


def test_fewer_names_keep_the_authority_and_more_make_another(tmp_path: Path) -> None:
    """An authority is never stretched: a name that it may not speak for makes a new one, which is said."""
    first = prepared(tmp_path / "tls")
    fewer = Authority(tmp_path / "tls", served_by(ENTRIES[:1]), Clock())
    assert not fewer.prepare()
    assert fewer.certificate == first.certificate
    assert fewer.leaf != first.leaf
    inside = Authority(tmp_path / "tls", served_by(["10.2.3.4", "b.inside.example"]), Clock())
    assert not inside.prepare()
    assert spoken(inside.leaf_path, first.certificate_path, "10.2.3.4")
    more = Authority(tmp_path / "tls", served_by([*ENTRIES, "other.example"]), Clock())
    assert more.prepare()
    assert more.certificate != first.certificate
    assert spoken(more.leaf_path, more.certificate_path, "other.example")


def test_an_authority_that_ends_is_replaced_at_a_start(tmp_path: Path) -> None:
    """It is said as a new one; a clock that is far behind replaces nothing, as phones have the right time."""
    clock = Clock()
    made = prepared(tmp_path / "tls", clock=clock)
    clock.now = NOW - timedelta(days=4000)
    assert not Authority(tmp_path / "tls", served_by(ENTRIES), clock).prepare()
    clock.now = made.certificate.not_valid_after_utc - timedelta(days=10)
    late = Authority(tmp_path / "tls", served_by(ENTRIES), clock)
    assert late.prepare()
    assert late.certificate.not_valid_after_utc > made.certificate.not_valid_after_utc


def test_a_running_server_whose_authority_ends_draws_no_certificate_without_end(tmp_path: Path) -> None:
    """A certificate that can last no longer than its authority is drawn once."""
    clock = Clock()
    made = prepared(tmp_path / "tls", clock=clock)
    clock.now = made.certificate.not_valid_after_utc - timedelta(days=5)
    assert made.renew()
    assert made.leaf.not_valid_after_utc == made.certificate.not_valid_after_utc
    assert not made.renew()


def test_a_damaged_authority_is_said_and_a_damaged_certificate_drawn_anew(tmp_path: Path) -> None:
    """Nobody's trust is replaced behind their back; what nobody installed is."""
    made = prepared(tmp_path / "tls")
    made.leaf_path.write_text("x")
    again = prepared(tmp_path / "tls")
    assert again.certificate == made.certificate
    assert spoken(again.leaf_path, again.certificate_path, "law.example.cn")
    other = prepared(tmp_path / "other")
    key = (tmp_path / "other" / "ca.pem").read_text().partition("-----BEGIN CERT")[0]
    for damage in ("", "x", key + made.certificate_path.read_text()):
        (tmp_path / "tls" / "ca.pem").write_text(damage)
        with pytest.raises(Unavailable, match=r"ca\.pem"):
            prepared(tmp_path / "tls")
    assert other.certificate != made.certificate


def test_the_public_copy_follows_the_authority(tmp_path: Path) -> None:
    """A crash between the two files leaves the next start to write the copy."""
    made = prepared(tmp_path / "tls")
    made.certificate_path.write_text("old")
    again = prepared(tmp_path / "tls")
    assert x509.load_pem_x509_certificate(again.certificate_path.read_bytes()) == made.certificate


def test_an_authority_for_everything_is_refused() -> None:
    """`API_HOSTS=*` is a person's to mend."""
    with pytest.raises(Invalid, match="API_HOSTS"):
        served_by(["*"])


def test_what_others_may_ask_by_is_told_addresses_first() -> None:
    """Loopback is for this machine; the unspecified address is nobody's; a pattern is no address."""
    assert served_by(
        ["law.example.cn", "*.a.example", "fe80::1", "0.0.0.0", "127.0.0.1", "10.0.0.9"]
    ).hosts == (
        "[fe80::1]",
        "10.0.0.9",
        "law.example.cn",
    )
    assert served_by(["0.0.0.0", "::"]).hosts == ()
    assert Served(("a.example",), ()).covers(Served(("b.a.example", "*.a.example"), ()))
    assert not Served(("a.example",), ()).covers(Served(("ba.example",), ()))
