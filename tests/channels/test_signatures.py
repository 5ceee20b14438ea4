"""What holds whatever the configuration is: no secret, nobody gets in."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from functions.errors import NotAuthentic
from functions.providers.signatures import header, keyed_hash, same
from tests.channels.samples import SECRETS, WEBHOOKS, account, room, signed
from tests.channels.test_authentic import BODIES


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(NotAuthentic, match="no secret"):
        keyed_hash("sha256", SecretStr(""), b"")


def test_nothing_is_not_the_same_as_nothing() -> None:
    assert same("a", b"a")
    assert not same("", "")
    assert not same(b"", b"a")
    assert not same("é", b"e")


def test_an_empty_header_is_a_missing_one() -> None:
    with pytest.raises(NotAuthentic, match="X-Proof is missing"):
        header({"x-proof": ""}, "X-Proof")


@pytest.mark.parametrize("channel", WEBHOOKS)
def test_an_account_whose_secret_was_lost_lets_nobody_in(channel: str) -> None:
    whole = account(channel)
    empty: dict[str, object] = {name: SecretStr("") for name in SECRETS}
    fields = {name: value for name, value in empty.items() if name in type(whole.settings).model_fields}
    fields |= {"incoming_secrets": (SecretStr(""),)} if channel == "custom-webhook" else {}
    fields |= {"headers": {"x-monikanava-key": (SecretStr(""),)}} if channel == "records" else {}
    lost = replace(whole, settings=whole.settings.model_copy(update=fields))
    request = signed(channel, BODIES[channel])
    room(channel).authenticate(request, whole)
    with pytest.raises(NotAuthentic):
        room(channel).authenticate(replace(request, key=None), lost)
