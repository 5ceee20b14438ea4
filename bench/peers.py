"""What the providers' own SDKs, and the best known of others, do with a webhook before any handler runs."""

import json
from collections.abc import Callable
from urllib.parse import parse_qsl

from pywa.utils import webhook_updates_validator
from telegram import Update
from twilio.request_validator import RequestValidator

from functions.channels.contract import Request


class Refused(Exception):
    """The peer did not accept the sample: the two would not have done the same work."""


Peer = Callable[[Request], object]


def twilio(token: str) -> Peer:
    """twilio 9: RequestValidator.validate, and the form that it takes."""
    validator = RequestValidator(token)

    def read(request: Request) -> object:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if not validator.validate(request.url, form, request.headers["x-twilio-signature"]):
            raise Refused("twilio")
        return form

    return read


def python_telegram_bot(secret: str) -> Peer:
    """python-telegram-bot 22: the steps of its webhook handler; it gives a typed Update."""

    def read(request: Request) -> object:
        if request.headers["x-telegram-bot-api-secret-token"] != secret:
            raise Refused("python-telegram-bot")
        return Update.de_json(json.loads(request.body))

    return read


def pywa(secret: str) -> Peer:
    """pywa 4: its validator of Meta's signature; what follows for Messenger is json.loads, untyped."""

    def read(request: Request) -> object:
        if not webhook_updates_validator(secret, request.body, request.headers["x-hub-signature-256"]):
            raise Refused("pywa")
        return json.loads(request.body)

    return read
