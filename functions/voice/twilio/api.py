"""Twilio's Calls resource: https://www.twilio.com/docs/voice/api/call-resource."""

from typing import Any

from functions.channels.contract import Account, Answer
from functions.channels.contract import Call as ApiCall
from functions.channels.voice.twilio import TwilioVoiceSettings
from functions.delivery.caller import Caller, NotSent
from functions.errors import NotDeliverable, Unavailable
from functions.providers import twilio
from functions.providers.payload import children, read_answer, text
from functions.voice.calls import Occurrence
from functions.voice.events import Unrecorded, What
from functions.voice.model import Call
from functions.voice.twilio.forms import READY, ready
from functions.voice.twilio.twiml import address

RING = 60  # seconds that we let a customer's phone ring
TOLD = ("initiated", "ringing", "answered", "completed")  # statuses that we want to hear of
GONE = frozenset({"20404", "21220"})  # codes: no such call, or it is not in progress
COMING = frozenset({"in-progress", "paused", "stopped", "processing"})  # a recording
LIVING = frozenset({"queued", "initiated", "ringing", "in-progress"})


class CallsApi:
    """Makes calls, ends them, and asks after them. Every method raises Unknown when there was no answer."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def create(self, account: Account[TwilioVoiceSettings], call: Call) -> str:
        """Call the customer; gives the call's SID. Raises NotDeliverable, or Unavailable."""
        form = [
            ("To", call.customer),
            ("From", call.ours),
            ("Url", address(account.callback, "step", call.id, step="0", end="taken")),
            ("Method", "POST"),
            ("StatusCallback", address(account.callback, "status", call.id)),
            ("StatusCallbackMethod", "POST"),
            *(("StatusCallbackEvent", event) for event in TOLD),
            ("Timeout", str(RING)),
        ]
        answer = await self._ask(account, twilio.api_call(account.settings, "Calls.json", form))
        return text(read_answer(_accepted(answer).body), "sid")

    async def end(self, account: Account[TwilioVoiceSettings], call: Call) -> None:
        """End a call, or give it up while it rings; one that is over is well."""
        resource = f"Calls/{call.provider_call}.json"
        answer = await self._ask(
            account, twilio.api_call(account.settings, resource, [("Status", "completed")])
        )
        if _code(answer) not in GONE:
            _accepted(answer)

    async def lives(self, account: Account[Any], call: Call) -> bool:
        """Ask whether a call goes on; one that Twilio never told us of does not. Raises Unavailable."""
        if not call.provider_call:
            return False
        question = twilio.api_question(account.settings, f"Calls/{call.provider_call}.json")
        answer = await self._ask(account, question)
        if answer.status not in (200, 404):
            raise Unavailable(f"Twilio does not tell of the call (HTTP {answer.status})")
        return text(read_answer(answer.body), "status") in LIVING

    async def message(self, account: Account[Any], call: Call) -> Occurrence | None:
        """Ask for the recording of a voicemail, or that there is none; None while it is being made."""
        resource = f"Calls/{call.provider_call}/Recordings.json"
        answer = await self._ask(account, twilio.api_question(account.settings, resource))
        if answer.status not in (200, 404):
            raise Unavailable(f"Twilio does not tell of the recordings (HTTP {answer.status})")
        found = children(read_answer(answer.body), "recordings")
        taken = [one for one in found if text(one, "source") == "RecordVerb"]
        base = f"{account.settings.api_base}/2010-04-01/Accounts/{account.settings.account_sid}"
        for one in taken:
            if text(one, "status") == READY:
                sid = text(one, "sid")
                return ready(sid, f"{base}/Recordings/{sid}", text(one, "duration"), What.VOICEMAIL)
        coming = any(text(one, "status") in COMING for one in taken)
        return None if coming else Occurrence("unrecorded", (Unrecorded(),))

    async def _ask(self, account: Account[TwilioVoiceSettings], call: ApiCall) -> Answer:
        try:
            return await self._caller.call(call, f"{account.settings.api_base}/")
        except NotSent as unreached:
            raise Unavailable(unreached.reason) from None


def _code(answer: Answer) -> str:
    return text(read_answer(answer.body), "code") or str(answer.status)


def _accepted(answer: Answer) -> Answer:
    if answer.status >= 300:
        raise NotDeliverable(_code(answer), f"Twilio refuses the call (code {_code(answer)})")
    return answer
