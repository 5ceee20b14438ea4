"""Which tokens open which entities."""

import time
from typing import Any

import pytest
from azure.servicebus._pyamqp import utils

from local.servicebus.cbs import DEVELOPMENT_KEYS, Grant, Rights, path_of, verify
from local.servicebus.model import Refused

generate_sas_token: Any = utils.generate_sas_token
NAME, KEY = next(iter(DEVELOPMENT_KEYS.items()))
AUDIENCE = "sb://127.0.0.1:5672/Inbound-SMS"


def token(audience: str = AUDIENCE, name: str = NAME, key: str = KEY, life: int = 60) -> str:
    """A token of the SDK's own making."""
    return str(generate_sas_token(audience, name, key, int(time.time()) + life))


def test_a_good_token_opens_its_entity_and_what_is_below() -> None:
    rights = Rights()
    rights.add(verify(token(), DEVELOPMENT_KEYS))
    for path in ("inbound-sms", "INBOUND-SMS/$DeadLetterQueue", "inbound-sms/$management"):
        rights.check(path)


def test_a_token_for_the_namespace_opens_everything() -> None:
    rights = Rights()
    rights.add(verify(token("sb://127.0.0.1:5672/"), DEVELOPMENT_KEYS))
    rights.check("anything/$management")


@pytest.mark.parametrize("path", ["", "inbound-sms2", "inbound", "outbound-sms", "x/inbound-sms"])
def test_a_token_opens_nothing_else(path: str) -> None:
    rights = Rights()
    rights.add(verify(token(), DEVELOPMENT_KEYS))
    with pytest.raises(Refused, match="unauthorized"):
        rights.check(path)


@pytest.mark.parametrize(
    "bad",
    [
        token(key="another"),
        token(key=""),
        token(name="Nobody"),
        token(name="Nobody", key=""),
        token(life=-1),
        token().replace("sr=sb%3a", "sr=http%3a").replace("sr=sb%3A", "sr=http%3A"),
        token().replace("&se=", "&se=9"),
        token().replace("SharedAccessSignature", "Bearer"),
        "",
        "SharedAccessSignature ",
        "SharedAccessSignature sr=&sig=&se=&skn=",
    ],
)
def test_a_bad_token_is_refused(bad: str) -> None:
    with pytest.raises(Refused, match="unauthorized"):
        verify(bad, DEVELOPMENT_KEYS)


def test_a_grant_ends() -> None:
    rights = Rights()
    rights.add(Grant("queue", time.time() - 1))
    with pytest.raises(Refused, match="unauthorized"):
        rights.check("queue")


def test_an_address_is_a_uri_or_a_path() -> None:
    assert path_of("amqps://127.0.0.1:5672/Q/$DeadLetterQueue") == "q/$deadletterqueue"
    assert path_of("Q/$management") == "q/$management"
