"""Who may tell us of calls at Twilio, and what comes twice, late, or for another call."""

from urllib.parse import urldefrag

import pytest

from functions.voice.twilio.twiml import again as again_at
from local.simulators.twilio import signed
from local.simulators.twilio_voice import Line, Part
from tests.channels.twilio_sdk import RequestValidator
from tests.voice.kit import TOKEN, Calling, spoken
from tests.voice.steps import in_line

TALK = (Line("outbound", "Miten voin auttaa?"), Line("inbound", "Laskussa on virhe."))
BILLING = ("1", "se lasku")


async def test_the_simulator_signs_as_twilios_sdk_does(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    validator = RequestValidator(TOKEN)
    for url, form, _ in phone.posted:
        signature = signed(url, TOKEN, form).headers["X-Twilio-Signature"]
        assert validator.validate(url, form, signature)


async def test_everything_twice_and_in_another_order(calling: Calling) -> None:
    """What Twilio sends again is answered the same, and changes nothing."""
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    [story] = await calling.story(phone.sid, "Recording")
    for url, form, status in reversed(list(phone.posted)):
        await phone.post(url, **form)
        assert phone.posted[-1][2] == status
    await phone.status("completed", sequence=0, again="1")
    [after] = await calling.story(phone.sid, "Recording")
    assert after == story


async def test_an_old_status_is_noted_and_changes_nothing(calling: Calling) -> None:
    phone = calling.phone(Part())
    await phone.post(phone.callback, CallStatus="ringing")
    phone.status_url = f"{phone.callback}/status"
    await phone.status("completed", sequence=3)
    await phone.status("ringing", sequence=1)
    [story] = await calling.story(phone.sid, "late: Rang")
    assert [one["state"] for one in await calling.conversations(phone.sid)] == ["closed"]
    assert spoken(story)[2:] == ["the customer hung up", "the customer left", "late: Rang"]


@pytest.mark.parametrize("path", ["", "/step", "/status", "/leg", "/recording", "/transcription"])
async def test_a_forged_webhook_is_refused_and_changes_nothing(calling: Calling, path: str) -> None:
    phone = calling.phone(Part(answers=BILLING))
    await in_line(phone)
    [before] = await calling.story(phone.sid, "A caller waits")
    call = await calling.desk.get(f"calls/{phone.sid}")
    query = f"?call={phone.sid}&step=6&end=played"
    form = {"CallSid": phone.sid, "CallStatus": "completed", "SequenceNumber": "9", "Digits": "1"}
    forged = signed(f"{phone.callback}{path}{query}", "another-token", form)
    headers = dict(forged.headers)
    for signature in (headers["X-Twilio-Signature"], "", None):
        headers |= {"X-Twilio-Signature": signature or ""}
        if signature is None:
            del headers["X-Twilio-Signature"]
        async with calling.http.post(forged.url, data=forged.body, headers=headers) as answer:
            assert answer.status == 401
    assert await calling.story(phone.sid, "A caller waits") == [before]
    assert await calling.desk.get(f"calls/{phone.sid}") == call
    await phone.post(f"{phone.callback}{path}{query}", **form)
    assert phone.posted[-1][2] in (200, 204)
    await phone.over()
    failures = (await calling.desk.get("accounts/line/handshake"))["failures"]
    assert failures[0]["code"] == "not-authentic"


async def test_a_signature_over_the_overrides_is_taken_too(calling: Calling) -> None:
    """Twilio does not say whether it signs the fragment with which we ask for repetitions."""
    phone = calling.phone(Part())
    document = await phone.post(phone.callback, CallStatus="ringing")
    address = document.partition('<Redirect method="POST">')[2].partition("<")[0].replace("&amp;", "&")
    assert "#" in address
    form = {"CallSid": phone.sid, "CallStatus": "in-progress"}
    whole = signed(address, TOKEN, form)
    url = urldefrag(address).url
    async with calling.http.post(url, data=whole.body, headers=whole.headers) as answer:
        assert answer.status == 200
        assert "<Gather" in await answer.text()


async def test_a_signature_over_the_overrides_is_taken_of_a_call_that_had_to_wait(calling: Calling) -> None:
    phone = calling.phone(Part())
    again = again_at(phone.callback, {})
    address = again.partition('<Redirect method="POST">')[2].partition("<")[0].replace("&amp;", "&")
    assert "#" in address
    whole = signed(address, TOKEN, {"CallSid": phone.sid, "CallStatus": "ringing", "From": phone.customer})
    async with calling.http.post(urldefrag(address).url, data=whole.body, headers=whole.headers) as answer:
        assert answer.status == 200
        assert "Tervetuloa." in await answer.text()


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/step?call=CA1&step=1&end=played", {}, 404),  # no such call
        ("/step?call=CA1&step=1&end=elsewhere", {}, 400),
        ("/step?call=CA1&step=x&end=played", {}, 400),
        ("/nothing", {}, 404),
        ("", {"CallSid": "SM1"}, 400),
    ],
)
async def test_addresses_that_we_never_gave(
    calling: Calling, path: str, form: dict[str, str], status: int
) -> None:
    phone = calling.phone(Part())
    await phone.post(phone.callback + path, **form)
    assert phone.posted[-1][2] == status


async def test_a_call_belongs_to_its_account(calling: Calling) -> None:
    phone = calling.phone(Part())
    await phone.post(phone.callback, CallStatus="ringing")
    other = phone.callback.replace("/line", "/lone")
    await phone.post(f"{other}/step?call={phone.sid}&step=2&end=played")
    assert phone.posted[-1][2] == 404


async def test_get_is_no_webhook(calling: Calling) -> None:
    async with calling.http.get(f"{calling.url}/api/channels/voice/line") as answer:
        assert answer.status == 405
