"""A provider's channel that is no more: every call and every message is told so, before anything is read."""

from dataclasses import replace
from datetime import date

import pytest

from functions.channels import adapter
from functions.channels.contract import Account, Answer, Refused, Request
from functions.errors import Gone, NotDeliverable
from tests.channels.samples import BASE, NOW, outbound, standing

GOOGLE = adapter("google", "business-messages")
SETTINGS = GOOGLE.Settings.model_validate({"agentId": "brands/1/agents/2"})
ACCOUNT = Account("old", "google", "business-messages", f"{BASE}/google/old", SETTINGS)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [b"", b'{"clientToken":"x","secret":"y"}', b'{"message":{}}', b"\xff"])
def test_every_call_is_gone(method: str, body: bytes) -> None:
    request = replace(Request("POST", ACCOUNT.callback, "", {}, body, NOW), method=method)
    with pytest.raises(Gone, match="2024-07-31") as gone:
        GOOGLE.handshake(request, ACCOUNT)
    assert gone.value.status == GOOGLE.acknowledge([]).status == 410
    with pytest.raises(Gone):
        GOOGLE.authenticate(request, ACCOUNT)
    assert list(GOOGLE.parse(request, ACCOUNT)) == []


def test_nothing_is_sent() -> None:
    with pytest.raises(NotDeliverable, match="RCS") as refused:
        GOOGLE.render(outbound("rcs", text="x"), ACCOUNT, standing())
    assert refused.value.code == "retired"
    answer = GOOGLE.receipt(Answer(200, {}, b"{}"))
    assert isinstance(answer, Refused)
    assert not answer.retryable
    assert GOOGLE.setup(ACCOUNT) == []
    assert GOOGLE.capabilities.retired_on == date(2024, 7, 31)
