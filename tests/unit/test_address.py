"""Where a request comes from, by the network and by the proxies that we know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.settings import ApiSettings
from schemas.address import UNKNOWN, counted, networks, origin, parsed

PROXIES = networks("10.0.0.5, 10.1.0.0/24, fd00::5")


@pytest.mark.parametrize(
    ("peer", "forwarded", "said"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1"], "127.0.0.1"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["198.51.100.1, 10.1.0.9"], "198.51.100.1"),
        ("10.0.0.5", ["192.0.2.66, 203.0.113.9, 10.1.0.9"], "203.0.113.9"),
        ("10.0.0.5", ["198.51.100.1, nonsense"], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1:4711"], "198.51.100.1"),
        ("::ffff:10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("fd00::5", ["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        ("", ["198.51.100.1"], UNKNOWN),
        (None, [], UNKNOWN),
        ("/run/socket", [], UNKNOWN),
    ],
)
def test_only_a_proxy_of_ours_names_another_address(
    peer: str | None, forwarded: list[str], said: str
) -> None:
    """The peer is the address; a known proxy names the hop before it, and what stands farther back counts for nothing."""
    assert origin(peer, forwarded, PROXIES) == said


def test_without_a_proxy_no_header_counts() -> None:
    """A server that is told of no proxy believes none, not even one on its own machine."""
    assert ApiSettings().proxies == ()
    assert origin("127.0.0.1", ["198.51.100.1"], ()) == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_one_site_is_one_address(text: str, said: str) -> None:
    """An IPv6 site counts by its /64, and an IPv4 address is the same however it is spelled."""
    assert counted(parsed(text)) == said


@given(st.text(), st.lists(st.text()))
def test_whatever_is_sent_is_an_address(peer: str, forwarded: list[str]) -> None:
    """No peer and no header breaks anything."""
    assert origin(peer, forwarded, PROXIES)


def test_proxies_are_read_from_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """`API_PROXIES` takes addresses and networks; one that is neither is refused at the start, not passed over."""
    monkeypatch.setenv("API_PROXIES", "10.0.0.5, 10.1.0.0/24,fd00::5")
    assert ApiSettings().proxies == PROXIES
    monkeypatch.setenv("API_PROXIES", "proxy.local")
    with pytest.raises(ValidationError):
        ApiSettings()
