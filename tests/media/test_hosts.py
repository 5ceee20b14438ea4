"""Which addresses may be called for media: the allow-list, and public addresses only."""

import socket

import pytest

from functions.media.hosts import PrivateAddress, PublicResolver, Reach, is_public, reach

HOSTS = ("http://127.0.0.1:7072/twilio", "https://api.example.com", "cdn.example.net")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example.net/a.jpg?oe=1%2F2", Reach.PUBLIC),
        ("https://a.b.cdn.example.net/", Reach.PUBLIC),
        ("https://CDN.EXAMPLE.NET:443/a", Reach.PUBLIC),
        ("https://api.example.com/a", Reach.NAMED),
        ("http://127.0.0.1:7072/anything", Reach.NAMED),
        ("http://cdn.example.net/a", Reach.NONE),
        ("https://cdn.example.net:8443/a", Reach.NONE),
        ("https://evilcdn.example.net/a", Reach.NONE),
        ("https://cdn.example.net.evil.org/a", Reach.NONE),
        ("https://cdn.example.net@evil.org/a", Reach.NONE),
        ("https://evil.org@cdn.example.net/a", Reach.NONE),
        ("https://cdn.example.net./a", Reach.NONE),
        ("https://sub.api.example.com/a", Reach.NONE),
        ("http://127.0.0.1:7073/a", Reach.NONE),
        ("https://169.254.169.254/metadata", Reach.NONE),
        ("file:///etc/passwd", Reach.NONE),
        ("ftp://cdn.example.net/a", Reach.NONE),
        ("https://cdn.example.net/a\nHost: b", Reach.NONE),
        ("https://cdn.example.net:port/", Reach.NONE),
        ("https://[::1", Reach.NONE),
        ("telegram:FILE", Reach.NONE),
        ("", Reach.NONE),
    ],
)
def test_only_listed_hosts_are_reached(url: str, expected: Reach) -> None:
    assert reach(url, HOSTS) is expected


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_a_name_that_leads_home_is_refused_when_it_is_looked_up() -> None:
    resolver = PublicResolver()
    with pytest.raises(PrivateAddress):
        await resolver.resolve("localhost", 443, socket.AddressFamily.AF_INET)
    await resolver.close()
