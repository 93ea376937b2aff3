"""A small certificate authority of the server's own, for a site that has no certificate of anybody else's.

Whoever installs its certificate on a phone trusts it for the names and addresses that this server is asked by, and for
nothing else (RFC 5280, 4.2.1.10; an authority below it is refused by path length 0). Its key stays in the data folder,
0600 as the keys of the log. The server's certificate is drawn anew with a key of its own well before it ends.

Each pair of key and certificate is one file, replaced by rename: a crash leaves the old pair or the new one.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schemas.errors import Unavailable
from schemas.refusals_command import AUTHORITY_UNREADABLE
from schemas.served import LOOPBACK_NAMES, Served
from storage.durable import write_private

AUTHORITY_DAYS = 5 * 365
LEAF_DAYS = 90
"""Browsers refuse more than 398 days (CA/Browser Forum, Baseline Requirements 6.3.2)."""
RENEW_DAYS = 30
SKEW = timedelta(days=1)
"""So far a phone's clock may be behind."""

Clock = Callable[[], datetime]


class Authority:
    """The authority and the server's certificate in one folder.

    Args:
        folder: Where both are kept; made if need be.
        served: What the server is asked by.
        clock: The present, in UTC.
    """

    def __init__(self, folder: Path, served: Served, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._served = served
        self._clock = clock
        self._own: _Pair | None = None
        self._leaf: x509.Certificate | None = None

    @property
    def leaf_path(self) -> Path:
        """The server's key and certificate, as a TLS server loads them."""
        return self._folder / "server.pem"

    @property
    def certificate_path(self) -> Path:
        """The authority's certificate alone, in PEM: for a client that is to trust it."""
        return self._folder / "ca.crt"

    @property
    def certificate(self) -> x509.Certificate:
        """The authority's certificate, once it is prepared."""
        if self._own is None:
            raise AssertionError("prepare first")
        return self._own.certificate

    @property
    def leaf(self) -> x509.Certificate:
        """The server's certificate, once it is prepared."""
        if self._leaf is None:
            raise AssertionError("prepare first")
        return self._leaf

    def prepare(self) -> bool:
        """Make what is missing, has ended soon or does not cover what is served.

        Returns:
            Whether the authority is a new one, to be installed anew on every device.

        Raises:
            Unavailable: the authority is there and cannot be read.
            OSError: the folder cannot be written.
        """
        kept = _read(self._pair_path)
        is_new = kept is None or not self._is_good(kept.certificate)
        self._own = kept if kept is not None and not is_new else _authority(self._served, self._clock())
        if is_new:
            write_private(self._pair_path, self._own.pem)
        # Written at every start: a crash between the two leaves a certificate that nobody was given.
        write_private(self.certificate_path, _pem(self._own.certificate))
        with suppress(Unavailable):  # a damaged one is drawn anew: nobody has installed it
            leaf = _read(self.leaf_path)
            self._leaf = leaf.certificate if leaf else None
        self.renew()
        return is_new

    def renew(self) -> bool:
        """Draw the server's certificate anew where it is due; say whether it was.

        Raises:
            OSError: the folder cannot be written; the old one stands.
        """
        if self._own is None or not self.is_due:
            return False
        fresh = _leaf(self._own, self._served, self._clock())
        write_private(self.leaf_path, fresh.pem + _pem(self._own.certificate))
        self._leaf = fresh.certificate
        return True

    @property
    def is_due(self) -> bool:
        """Whether the server's certificate has less than a third of its time, another issuer, or other names."""
        if self._leaf is None or self._own is None:
            return True
        own = self._own.certificate
        ends = self._leaf.not_valid_after_utc
        return (
            # One that ends with its authority is not drawn again and again: the next start makes both.
            (ends - self._clock() < timedelta(days=RENEW_DAYS) and ends < own.not_valid_after_utc)
            or not _is_issued_by(self._leaf, own)
            or _alternatives(self._leaf) != _wanted(self._served)
        )

    @property
    def _pair_path(self) -> Path:
        return self._folder / "ca.pem"

    def _is_good(self, found: x509.Certificate) -> bool:
        # One that begins later than the clock says is kept: it is the clock that is wrong, and phones have this one.
        is_lasting = found.not_valid_after_utc - self._clock() > timedelta(days=LEAF_DAYS)
        return is_lasting and _covers(found, self._served)


def seen(folder: Path) -> tuple[x509.Certificate, x509.Certificate] | None:
    """Return the authority's and the server's certificate as they stand; None where there are none, or not to be read."""
    try:
        own, leaf = _read(folder / "ca.pem"), _read(folder / "server.pem")
    except (Unavailable, OSError):
        return None
    return (own.certificate, leaf.certificate) if own and leaf else None


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate as phones show it: pairs of digits with colons."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


class _Pair(NamedTuple):
    """A key and its certificate."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key.decode() + _pem(self.certificate)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _read(path: Path) -> _Pair | None:
    if not path.exists():
        return None
    try:
        text = path.read_bytes()
        key, certificate = load_pem_private_key(text, None), x509.load_pem_x509_certificate(text)
        is_pair = isinstance(key, EllipticCurvePrivateKey) and key.public_key() == certificate.public_key()
    except ValueError:
        is_pair = False
    if not is_pair:
        raise AUTHORITY_UNREADABLE(
            f"{path} 无法读取 cannot be read: restore it, or remove its folder for a new authority"
        )
    return _Pair(key, certificate)  # type: ignore[arg-type] # looked at above


def _authority(served: Served, now: datetime) -> _Pair:
    key = generate_private_key(SECP256R1())
    name = _name(f"Quancheng CA {_first(served)} {now:%Y-%m-%d}")
    begun = _begun(name, name, key, now, now + timedelta(days=AUTHORITY_DAYS))
    permitted: list[x509.GeneralName] = [x509.DNSName(one.removeprefix("*.")) for one in served.names]
    permitted += [x509.IPAddress(one) for one in served.networks]
    certificate = (
        begun.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Pair(key, certificate)


def _leaf(own: _Pair, served: Served, now: datetime) -> _Pair:
    key = generate_private_key(SECP256R1())
    ends = min(now + timedelta(days=LEAF_DAYS), own.certificate.not_valid_after_utc)
    begun = _begun(_name(_first(served)), own.certificate.subject, key, now, ends)
    issuer = own.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    identified = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer)
    certificate = (
        begun.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_wanted(served)), critical=False)
        .add_extension(identified, critical=False)
        .sign(own.key, hashes.SHA256())
    )
    return _Pair(key, certificate)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, key_cert_sign: bool = False, digital_signature: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Quancheng"),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),  # ub-common-name, RFC 5280 appendix A
        ]
    )


def _first(served: Served) -> str:
    """Return what a person knows the server by: the first that is not of this machine alone."""
    found = [name for name in served.names if name not in LOOPBACK_NAMES]
    found += [str(one) for one in served.addresses if not one.is_loopback]
    return found[0] if found else LOOPBACK_NAMES[0]


def _wanted(served: Served) -> list[x509.GeneralName]:
    return [*map(x509.DNSName, served.names), *map(x509.IPAddress, served.addresses)]


def _alternatives(leaf: x509.Certificate) -> Sequence[x509.GeneralName]:
    return list(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def _is_issued_by(leaf: x509.Certificate, own: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(own)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _covers(own: x509.Certificate, served: Served) -> bool:
    """Say whether an authority may speak for all that is served: else a client would refuse what it signs."""
    permitted = own.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    names = tuple(one.value for one in permitted if isinstance(one, x509.DNSName))
    networks = tuple(ip_network(str(one.value)) for one in permitted if isinstance(one, x509.IPAddress))
    return Served(names, networks).covers(served)
