"""What the providers' own SDKs, and the best known of others, do with a webhook before any handler runs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from linebot.v3.webhook import WebhookParser
from pywa.client import WhatsApp
from pywa.types.message import Message
from pywa.utils import webhook_updates_validator
from telegram import Update
from telesign.util import verify_telesign_callback_signature
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from wechatpy import parse_message  # type: ignore[import-untyped]
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from bench.samples import Sample
from functions.channels.contract import Request


class Refused(Exception):
    """The peer did not accept the sample: the two would not have done the same work."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another's way to do the same; `does` says exactly what is timed, and what comes out of it."""

    does: str
    read: Callable[[Request], object]


def twilio(sample: Sample) -> Peer:
    """Give Twilio's own validator, which takes the form."""
    validator = RequestValidator(sample.account.settings.auth_token.get_secret_value())

    def read(request: Request) -> object:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if not validator.validate(request.url, form, request.headers["x-twilio-signature"]):
            raise Refused("twilio")
        return form

    return Peer("twilio: parse_qsl + RequestValidator.validate → dict", read)


def python_telegram_bot(sample: Sample) -> Peer:
    """Give the steps of python-telegram-bot's webhook handler."""
    secret = sample.account.settings.secret_token.get_secret_value()

    def read(request: Request) -> object:
        if request.headers["x-telegram-bot-api-secret-token"] != secret:
            raise Refused("python-telegram-bot")
        return Update.de_json(json.loads(request.body))

    return Peer("python-telegram-bot: secret != + Update.de_json(json.loads) → Update", read)


def pywa(sample: Sample) -> Peer:
    """Give pywa's validator of Meta's signature; Messenger's items stay as they are."""
    secret = sample.account.settings.app_secret.get_secret_value()

    def read(request: Request) -> object:
        if not webhook_updates_validator(secret, request.body, request.headers["x-hub-signature-256"]):
            raise Refused("pywa")
        return json.loads(request.body)

    return Peer("pywa: webhook_updates_validator + json.loads → dict", read)


def line_bot_sdk(sample: Sample) -> Peer:
    """Give LINE's own webhook parser."""
    parser = WebhookParser(sample.account.settings.channel_secret.get_secret_value())

    def read(request: Request) -> object:
        return parser.parse(request.body.decode(), request.headers["x-line-signature"])

    return Peer("line-bot-sdk: WebhookParser.parse → events", read)


def pywa_whatsapp(sample: Sample) -> Peer:
    """Give pywa's validator, and its reading of the first message: it reads no further."""
    secret = sample.account.settings.app_secret.get_secret_value()
    client = WhatsApp(phone_id="1", token="t")

    def read(request: Request) -> object:
        if not webhook_updates_validator(secret, request.body, request.headers["x-hub-signature-256"]):
            raise Refused("pywa")
        return Message.from_update(client, json.loads(request.body))

    return Peer("pywa: webhook_updates_validator + Message.from_update(json.loads) → Message", read)


def telesign(sample: Sample) -> Peer:
    """Give TeleSign's own check of a callback; it reads no further."""
    key = sample.account.settings.api_key.get_secret_value()

    def read(request: Request) -> object:
        signature = request.headers["x-ts-authorization"]
        if not verify_telesign_callback_signature(key, signature, request.body.decode()):
            raise Refused("telesign")
        return json.loads(request.body)

    return Peer("telesign: verify_telesign_callback_signature + json.loads → dict", read)


def wechatpy(sample: Sample) -> Peer:
    """Give wechatpy's decryption, which checks the signature, and its parser."""
    settings = sample.account.settings
    crypto = WeChatCrypto(
        settings.token.get_secret_value(), settings.encoding_aes_key.get_secret_value(), settings.app_id
    )

    def read(request: Request) -> object:
        query = request.parameters()
        found = crypto.decrypt_message(
            request.body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        return parse_message(found)

    return Peer("wechatpy: WeChatCrypto.decrypt_message + parse_message → message", read)


PEERS: Mapping[tuple[str, str], Callable[[Sample], Peer]] = {
    ("sms", "twilio"): twilio,
    ("sms", "telesign"): telesign,
    ("whatsapp", "twilio"): twilio,
    ("wechat", "wechat"): wechatpy,
    ("telegram", "telegram"): python_telegram_bot,
    ("facebook", "meta"): pywa,
    ("instagram", "meta"): pywa,
    ("whatsapp", "meta"): pywa_whatsapp,
    ("line", "line"): line_bot_sdk,
}


def peer(sample: Sample) -> Peer | None:
    """Give the peer for the sample's adapter; None where no well-known library reads its webhooks."""
    make = PEERS.get((sample.account.channel, sample.account.provider))
    return make(sample) if make else None
