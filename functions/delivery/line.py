"""The line to the providers: a call with the account's access token, where the provider wants one."""

from dataclasses import replace
from typing import Any

from functions.channels.contract import Account, Adapter, Call, Outcome, Refused, Sent
from functions.channels.tokened import AnyTokened
from functions.delivery.caller import Caller
from functions.delivery.tokens import NoToken, Tokens
from functions.errors import Unavailable


class Line:
    """Places calls; knows no provider."""

    def __init__(self, caller: Caller, tokens: Tokens) -> None:
        self._caller = caller
        self._tokens = tokens

    async def place(self, call: Call, channel: Adapter[Any], account: Account[Any]) -> Outcome:
        """Make the call and read its answer; raises as `Caller.call`. Without a token nothing is called."""
        if isinstance(channel, AnyTokened):
            outcome = await self._with_token(call, channel, channel, account)
        else:
            outcome = await self._once(call, channel, account)
        return (
            replace(outcome, message=outcome.message or call.name) if isinstance(outcome, Sent) else outcome
        )

    async def _with_token(
        self, call: Call, channel: Adapter[Any], tokened: AnyTokened, account: Account[Any]
    ) -> Outcome:
        """Call, and once more with a new token when the provider refuses the one we have."""
        refused = ""
        while True:
            try:
                token = await self._tokens.token(tokened, account, refused)
            except NoToken as none:
                return none.refused
            except Unavailable as down:
                return Refused(down.code, down.reason, retryable=True, retry_after=down.retry_after)
            outcome = await self._once(tokened.authorised(call, token), channel, account)
            if refused or not (isinstance(outcome, Refused) and outcome.stale_token):
                return outcome
            refused = token

    async def _once(self, call: Call, channel: Adapter[Any], account: Account[Any]) -> Outcome:
        return channel.receipt(await self._caller.call(call, channel.api_base(account)))
