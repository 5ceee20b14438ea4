"""A provider's webhook, from account to answer; the same steps for every channel.

    account → size → key → handshake? → authentic? → parse every item → Service Bus → the answer

The answer is 2xx only when every item is kept. What is authentic but unreadable is parked, not refused:
the provider would repeat it for days, or give up on us.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Keyed, Request, Response
from functions.errors import (
    Conflict,
    Forbidden,
    Invalid,
    MonikanavaError,
    NotAuthentic,
    TooLarge,
    Unavailable,
)
from functions.intake.envelope import inbound_envelope
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked, ParkedMessage
from functions.keys import KeyRing
from functions.message import Inbound, Kind, digest
from functions.serving import Server, Servers
from functions.traces import trace

LATER = "not possible at the moment: try again later"
TYPING_SECONDS = 1.0  # for noting who types, while the provider waits for its answer
log = logging.getLogger("monikanava.intake")


# Looks an account up by channel and id; raises NotFound, or Unavailable.
Accounts = Callable[[str, str], Awaitable[Account[Any]]]


async def unnoticed(thread: str) -> None:
    """Take no note of a customer who types."""


class Intake:
    """Answers webhooks; knows no provider."""

    def __init__(
        self,
        accounts: Accounts,
        outbox: Outbox,
        parked: Parked,
        handshakes: Handshakes,
        keys: KeyRing,
        servers: Servers | None = None,
        typing: Callable[[str], Awaitable[None]] = unnoticed,
    ) -> None:
        self._accounts = accounts
        self._outbox = outbox
        self._parked = parked
        self._handshakes = handshakes
        self._keys = keys
        self._servers = servers
        self._typing = typing

    async def receive(self, channel: str, account_id: str, request: Request) -> Response:
        """Answer one webhook call. A refusal is an answer too: nothing is raised for the sender's fault."""
        try:
            account = await self._accounts(channel, account_id)
            server = self._servers.of(channel, account.provider) if self._servers else None
            if server:
                return await _served(server, account, request)
            return await self._answer(adapter(channel, account.provider), account, request)
        except Unavailable as down:  # why is for the log: the caller may be anybody
            log.error("webhook not kept: channel=%s account=%r reason=%s", channel, account_id, down.reason)
            return Response(503, LATER, headers={"Retry-After": str(down.retry_after)})
        except MonikanavaError as error:
            log.warning(
                "webhook refused: channel=%s account=%r code=%s", channel, account_id[:80], error.code
            )
            return Response(error.status, error.reason)
        except Exception as mistake:  # ours; its words may be the customer's, and the host would log them
            log.error("webhook broke: channel=%s account=%r error=%s", channel, account_id, trace(mistake))
            return Response(500, "an error of ours")

    async def again(self, parked: ParkedMessage) -> None:
        """Read a webhook's body once more that could not be read when it came, and keep what is in it.

        It was authentic then. Raises Conflict while it cannot be read, NotFound without its account.
        """
        account = await self._accounts(parked.queue.removeprefix("inbound-"), parked.account)
        headers = {"content-type": parked.content_type}
        request = Request("POST", account.callback, "", headers, parked.body.encode(), parked.parked_at)
        items, fault = _parsed(adapter(account.channel, account.provider), account, request)
        if fault:
            raise Conflict(f"it can still not be read: {fault}")
        await self._outbox.send(parked.queue, [inbound_envelope(item) for item in items])

    async def _answer(self, channel: Adapter[Any], account: Account[Any], request: Request) -> Response:
        if request.method not in channel.capabilities.methods:
            return Response(405, headers={"Allow": ", ".join(sorted(channel.capabilities.methods))})
        try:
            if len(request.body) > channel.capabilities.body_limit:
                raise TooLarge(f"the body is over {channel.capabilities.body_limit} bytes")
            request = await self._with_key(channel, account, request)
            account, answer = _admitted(channel, account, request)
            if answer:
                await self._handshakes.succeeded(account.id)
                return answer
        except MonikanavaError as error:
            await self._handshakes.failed(account.id, error.code, error.reason)
            raise
        kept = await self._keep(channel, account, request)
        await self._handshakes.authentic(account.id)
        return kept

    async def _with_key(self, channel: Adapter[Any], account: Account[Any], request: Request) -> Request:
        key_id = channel.key_id(request, account) if isinstance(channel, Keyed) else None
        if key_id is None:
            return request
        found = await self._keys.published(key_id.url, key_id.kid)
        return replace(request, key=found.key, endorsements=found.endorsements)

    async def _keep(self, channel: Adapter[Any], account: Account[Any], request: Request) -> Response:
        queue = f"inbound-{account.channel}"
        parsed, fault = _parsed(channel, account, request)
        if fault:  # the provider would repeat it for days, and then switch us off
            await self._park(queue, account, request, fault)
            return channel.acknowledge([])
        items = [item for item in parsed if item.kind is not Kind.TYPING]
        await self._outbox.send(queue, [inbound_envelope(item) for item in items])
        await self._note_typing({item.session for item in parsed if item.kind is Kind.TYPING})
        log.info("webhook kept: channel=%s account=%s items=%d", account.channel, account.id, len(items))
        return channel.acknowledge(items)

    async def _note_typing(self, threads: Iterable[str]) -> None:
        """Pass signs of typing on at once, for they do not last; the webhook never fails for one."""
        try:
            async with asyncio.timeout(TYPING_SECONDS):
                for thread in threads:
                    await self._typing(thread)
        except (MonikanavaError, TimeoutError) as error:
            log.info("typing not noted: %s", trace(error))

    async def _park(self, queue: str, account: Account[Any], request: Request, why: str) -> None:
        body = request.body.decode("utf-8", "backslashreplace")
        message = digest(account.channel, account.id, body)
        webhook = {"account": account.id, "contentType": request.headers.get("content-type", "")[:200]}
        await self._parked.park(queue, message, message, body, f"unreadable webhook body: {why}", **webhook)


def _parsed(channel: Adapter[Any], account: Account[Any], request: Request) -> tuple[list[Inbound], str]:
    """Give every item of a body, or why it cannot be read: a fault of the provider's, or of our parser."""
    try:
        return list(channel.parse(request, account)), ""
    except Invalid as unreadable:
        return [], unreadable.reason
    except Exception as mistake:
        log.error("parser failed: account=%s error=%s", account.id, trace(mistake))
        return [], f"the parser failed with {type(mistake).__name__}"


def _admitted(
    channel: Adapter[Any], account: Account[Any], request: Request
) -> tuple[Account[Any], Response | None]:
    """Give the account with the secret that fits, and the answer to a handshake; raises the first refusal."""
    refusals: list[MonikanavaError] = []
    for variant in account.variants:
        try:
            if answer := channel.handshake(request, variant):
                return variant, answer
            channel.authenticate(request, variant)
        except (Forbidden, NotAuthentic) as refused:
            refusals.append(refused)
        else:
            return variant, None
    raise refusals[0]


async def _served(server: Server, account: Account[Any], request: Request) -> Response:
    *others, last = account.variants
    for variant in others:
        with suppress(NotAuthentic):
            return await server.answer(request, variant)
    return await server.answer(request, last)
