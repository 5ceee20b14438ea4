"""Checks with plain values behind them: what no typed reader is expected to beat.

They stand where no library that we know gives typed items.
"""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable

import jwt
from standardwebhooks import Webhook

from bench.peer import Peer, Work, accepted, secret_of
from bench.samples import Sample
from functions.channels.contract import Request


def floor(
    check: Callable[[Sample], Peer], inflate: Callable[[bytes], bytes] = bytes
) -> Callable[[Sample], Peer]:
    """Put `json.loads` behind a check: values without types."""

    def make(sample: Sample) -> Peer:
        checked = check(sample)

        def read(request: Request) -> object:
            checked.read(request)
            return json.loads(inflate(request.body))

        return Peer(Work.FLOOR, f"{checked.does} + json.loads → dict", read)

    return make


def pyjwt(sample: Sample) -> Peer:
    """Give PyJWT's check of Apple's token; no library reads Apple's messages."""
    key = b64decode(secret_of(sample, "api_secret"))

    def read(request: Request) -> object:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return jwt.decode(token, key, ["HS256"], audience=sample.account.settings.msp_id)

    return Peer(Work.CHECK, "PyJWT: decode", read)


def google(sample: Sample) -> Peer:
    """Give Google's algorithm as its guide has it; Google has no library for it."""
    key = secret_of(sample, "client_token").encode()

    def read(request: Request) -> object:
        data = b64decode(json.loads(request.body)["message"]["data"])
        expected = b64encode(hmac.digest(key, data, "sha512")).decode()
        accepted(hmac.compare_digest(expected, request.headers["x-goog-signature"]))
        return json.loads(data)

    return Peer(Work.FLOOR, "by hand: json.loads + b64decode + hmac + json.loads → dict", read)


def x(sample: Sample) -> Peer:
    """Give X's algorithm as its guide has it; tweepy has none for webhooks."""
    key = secret_of(sample, "client_secret").encode()

    def read(request: Request) -> object:
        expected = "sha256=" + b64encode(hmac.digest(key, request.body, "sha256")).decode()
        given = request.headers["x-twitter-webhooks-signature-oauth2"]
        accepted(hmac.compare_digest(expected, given))
        return json.loads(request.body)

    return Peer(Work.FLOOR, "by hand: hmac + json.loads → dict", read)


def standard_webhooks(sample: Sample) -> Peer:
    """Give the standard's own library, which checks and reads no further than JSON."""
    hook = Webhook(sample.account.settings.incoming_secrets[0].get_secret_value())

    def read(request: Request) -> object:
        return hook.verify(request.body, dict(request.headers))

    return Peer(Work.FLOOR, "standardwebhooks: Webhook.verify → dict", read)
