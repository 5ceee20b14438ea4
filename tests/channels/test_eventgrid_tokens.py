"""Which tokens prove that Event Grid delivers, and which do not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.channels.contract import Keyed, KeyId, Request
from functions.errors import NotAuthentic
from functions.providers import eventgrid
from functions.providers.bearer import LIMIT
from functions.providers.eventgrid import PUBLIC_CLOUD_APP
from tests.channels.event_grid_tokens import AUDIENCE, TENANT, V1, V2, entra, token
from tests.channels.samples import NOW, SECRETS, account, request, room
from tests.desk.issuers import KEY, OTHER, confused, unsigned

PROOF = {"x-delivery-secret": SECRETS["delivery_secret"]}


def bearing(value: str, **headers: str) -> Request:
    given = {"authorization": f"Bearer {value}", **headers}
    return replace(request("sms-acs", b"[]", given), key=KEY.public_key())


GOOD: dict[str, Callable[[], str]] = {
    "version 1": token,
    "version 2": lambda: token(iss=V2, appid=None, azp=PUBLIC_CLOUD_APP),
    "for several audiences": lambda: token(aud=["x", AUDIENCE]),
    "more roles": lambda: token(roles=["x", eventgrid.ROLE]),
    "just expired": lambda: token(exp=int(NOW.timestamp()) - 30),
    "a clock that is ahead": lambda: token(nbf=int(NOW.timestamp()) + 30),
    "no nbf": lambda: token(nbf=None),
}
BAD: dict[str, tuple[Callable[[], str], str]] = {
    "another audience": (lambda: token(aud="api://other"), "audience"),
    "another tenant's issuer": (lambda: token(iss=V1.replace("72f988bf", "00000000")), "issuer"),
    "a look-alike issuer": (lambda: token(iss=V1 + "x"), "issuer"),
    "another tenant": (lambda: token(tid="00000000-86f1-41af-91ab-2d7cd011db47"), "tenant"),
    "no tenant": (lambda: token(tid=None), "tenant"),
    "another application of the tenant": (
        lambda: token(appid="11111111-2222-3333-4444-555555555555"),
        "appl",
    ),
    "no application": (lambda: token(appid=None), "application"),
    "no role": (lambda: token(roles=None), "lacks the role"),
    "another role": (lambda: token(roles=["Reader"]), "lacks the role"),
    "roles as a text": (lambda: token(roles=eventgrid.ROLE), "lacks the role"),
    "expired": (lambda: token(exp=int(NOW.timestamp()) - 61), "expired"),
    "not yet": (lambda: token(nbf=int(NOW.timestamp()) + 61), "not valid yet"),
    "no end": (lambda: token(exp=None), "lacks"),
    "an endless end": (lambda: token(exp=1e999), "seconds"),
    "an end in words": (lambda: token(exp="2099"), "seconds"),
    "no audience": (lambda: token(aud=None), "lacks"),
    "no issuer": (lambda: token(iss=None), "lacks"),
    "another key": (lambda: token(OTHER), "signature"),
    "no token": (lambda: "rubbish", "cannot be read"),
    "too long": (lambda: "x" * (LIMIT + 1), "too long"),
    "empty": (lambda: "", "no bearer"),
    "beyond ASCII": (lambda: token() + "ä", "."),
    "lone surrogate": (lambda: token() + "\udcff", "."),
}


@pytest.mark.parametrize("channel", ["sms-acs", "whatsapp-acs"])
@pytest.mark.parametrize("good", GOOD)
def test_a_token_of_event_grid_is_let_in(channel: str, good: str) -> None:
    room(channel).authenticate(bearing(GOOD[good]()), entra(channel))


@pytest.mark.parametrize("bad", BAD)
def test_another_token_is_refused(bad: str) -> None:
    build, reason = BAD[bad]
    with pytest.raises(NotAuthentic, match=reason):
        room("sms-acs").authenticate(bearing(build()), entra())


@pytest.mark.parametrize(
    "changes", [{"key": None}, {"headers": {}}, {"headers": {"authorization": "Basic eA=="}}]
)
def test_without_key_or_token_nobody_is_let_in(changes: dict[str, Any]) -> None:
    with pytest.raises(NotAuthentic):
        room("sms-acs").authenticate(replace(bearing(token()), **changes), entra())


def test_time_is_that_of_the_request() -> None:
    later = replace(bearing(token()), received_at=NOW + timedelta(hours=2))
    with pytest.raises(NotAuthentic, match="expired"):
        room("sms-acs").authenticate(later, entra())


@given(bit=st.integers(0, token().rindex(".") * 8 - 1))
def test_any_changed_bit_of_what_is_signed_is_refused(bit: int) -> None:
    octets = bytearray(token().encode())
    octets[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotAuthentic):
        room("sms-acs").authenticate(bearing(octets.decode("latin-1")), entra())


def test_both_proofs_are_needed_where_both_are_configured() -> None:
    both = entra(secret=PROOF["x-delivery-secret"])
    room("sms-acs").authenticate(bearing(token(), **PROOF), both)
    for wrong in (
        bearing(token()),
        bearing(token(), **{"x-delivery-secret": "x"}),
        bearing(token(OTHER), **PROOF),
    ):
        with pytest.raises(NotAuthentic):
            room("sms-acs").authenticate(wrong, both)


def test_the_key_is_the_tenants_whatever_the_token_says() -> None:
    adapter = room("sms-acs")
    assert isinstance(adapter, Keyed)
    url = f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"
    assert adapter.key_id(bearing(token(iss="https://evil.example/")), entra()) == KeyId(url, "one")
    assert adapter.key_id(bearing(token()), account("sms-acs")) is None
    for wrong in ("rubbish", token(kid=None), unsigned(), confused(), "a.b.c", "ä"):
        with pytest.raises(NotAuthentic):
            adapter.key_id(bearing(wrong), entra())
    with pytest.raises(NotAuthentic, match="missing"):
        adapter.key_id(request("sms-acs", b"[]"), entra())
