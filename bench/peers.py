"""What the providers' own SDKs, and the best known of others, do with a webhook before any handler runs.

Only a peer that verifies and gives typed items does the work that ours does. Where the SDK has the check
alone, our check is timed beside it; and the check with plain values behind it is shown as the floor that no
typed reader is expected to beat.
"""

import gzip
import hmac
import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from azure.eventgrid import EventGridEvent
from linebot.v3.webhook import WebhookParser
from pymsgr import Messenger  # type: ignore[import-untyped]
from pymsgr.security import verify_webhook_signature  # type: ignore[import-untyped]
from pywa.client import WhatsApp
from pywa.handlers import MessageHandler
from pywa.types.message import Message
from pywa.utils import webhook_updates_validator
from telegram import Update
from telesign.util import verify_telesign_callback_signature
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from wechatpy import parse_message  # type: ignore[import-untyped]
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from bench.floors import floor, google, pyjwt, standard_webhooks, x
from bench.peer import Peer, Work, accepted, secret_of
from bench.samples import Sample
from functions.channels.contract import Request


def twilio(sample: Sample) -> Peer:
    """Give Twilio's own validator, which takes the form; a form's fields are all that its SDK gives."""
    validator = RequestValidator(secret_of(sample, "auth_token"))

    def read(request: Request) -> object:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        accepted(validator.validate(request.url, form, request.headers["x-twilio-signature"]))
        return form

    return Peer(Work.WHOLE, "twilio: parse_qsl + RequestValidator.validate → dict", read)


def python_telegram_bot(sample: Sample) -> Peer:
    """Give the steps of python-telegram-bot's webhook handler."""
    secret = secret_of(sample, "secret_token")

    def read(request: Request) -> object:
        accepted(request.headers["x-telegram-bot-api-secret-token"] == secret)
        return Update.de_json(json.loads(request.body))

    return Peer(Work.WHOLE, "python-telegram-bot: secret == + Update.de_json(json.loads) → Update", read)


def pymsgr(sample: Sample) -> Peer:
    """Give the steps of pymsgr's webhook route, with a handler that keeps the messages."""
    secret, kept = secret_of(sample, "app_secret"), list[object]()
    bot = Messenger(page_access_token="t", verify_token="v", app_secret=secret)
    bot.on_message(kept.append)

    def read(request: Request) -> object:
        kept.clear()
        signature = request.headers["x-hub-signature-256"]
        verify_webhook_signature(request.body, signature, app_secret=secret)
        bot.process_webhook(json.loads(request.body))
        accepted(bool(kept))
        return kept

    return Peer(Work.WHOLE, "pymsgr: verify_webhook_signature + process_webhook(json.loads) → Messages", read)


def pywa(sample: Sample) -> Peer:
    """Give pywa's validator of Meta's signature alone."""
    secret = secret_of(sample, "app_secret")

    def read(request: Request) -> object:
        found = webhook_updates_validator(secret, request.body, request.headers["x-hub-signature-256"])
        return accepted(found)

    return Peer(Work.CHECK, "pywa: webhook_updates_validator", read)


def pywa_handler(sample: Sample) -> Peer:
    """Give what pywa has for a server of one's own, with a handler that keeps the messages."""
    kept = list[object]()
    client = WhatsApp(
        phone_id=sample.account.settings.phone_number_id,
        token="t",
        verify_token="v",
        app_secret=secret_of(sample, "app_secret"),
        skip_duplicate_updates=False,  # ours are found in the table
    )
    client.add_handlers(MessageHandler(lambda _, message: kept.append(message)))

    def read(request: Request) -> object:
        kept.clear()
        refusal = client.webhook_update_validator(request.body, request.headers["x-hub-signature-256"])
        client.webhook_update_handler(request.body)
        accepted(not refusal and bool(kept))
        return kept

    return Peer(Work.WHOLE, "pywa: webhook_update_validator + webhook_update_handler → Messages", read)


def pywa_reader(sample: Sample) -> Peer:
    """Give pywa's validator, and its reader of the first message without the handler around it."""
    check, client = pywa(sample).read, WhatsApp(phone_id="1", token="t")

    def read(request: Request) -> object:
        check(request)
        return Message.from_update(client, json.loads(request.body))

    return Peer(
        Work.WHOLE, "pywa: webhook_updates_validator + Message.from_update(json.loads) → Message", read
    )


def line_bot_sdk(sample: Sample) -> Peer:
    """Give LINE's own webhook parser."""
    parser = WebhookParser(secret_of(sample, "channel_secret"))

    def read(request: Request) -> object:
        return parser.parse(request.body.decode(), request.headers["x-line-signature"])

    return Peer(Work.WHOLE, "line-bot-sdk: WebhookParser.parse → events", read)


def telesign(sample: Sample) -> Peer:
    """Give TeleSign's own check of a callback; its SDK reads no further."""
    key = secret_of(sample, "api_key")

    def read(request: Request) -> object:
        signature = request.headers["x-ts-authorization"]
        return accepted(verify_telesign_callback_signature(key, signature, request.body.decode()))

    return Peer(Work.CHECK, "telesign: verify_telesign_callback_signature", read)


def event_grid(sample: Sample) -> Peer:
    """Give azure-eventgrid's events: their data stay a dict, and it leaves the secret's check to others."""
    secret = secret_of(sample, "delivery_secret")

    def read(request: Request) -> object:
        accepted(hmac.compare_digest(request.headers["x-delivery-secret"], secret))
        return [EventGridEvent.from_dict(event) for event in json.loads(request.body)]

    return Peer(
        Work.WHOLE, "azure-eventgrid: compare_digest + EventGridEvent.from_dict(json.loads) → events", read
    )


def wechatpy(sample: Sample) -> Peer:
    """Give wechatpy's decryption, which checks the signature, and its parser."""
    settings = sample.account.settings
    crypto = WeChatCrypto(secret_of(sample, "token"), secret_of(sample, "encoding_aes_key"), settings.app_id)

    def read(request: Request) -> object:
        query = request.parameters()
        found = crypto.decrypt_message(
            request.body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        return parse_message(found)

    return Peer(Work.WHOLE, "wechatpy: WeChatCrypto.decrypt_message + parse_message → message", read)


PEERS: Mapping[tuple[str, str], tuple[Callable[[Sample], Peer], ...]] = {
    ("sms", "twilio"): (twilio,),
    ("sms", "acs"): (event_grid,),
    ("sms", "telesign"): (telesign, floor(telesign)),
    ("whatsapp", "twilio"): (twilio,),
    ("whatsapp", "acs"): (event_grid,),
    ("whatsapp", "meta"): (pywa_handler, pywa_reader),
    ("wechat", "wechat"): (wechatpy,),
    ("telegram", "telegram"): (python_telegram_bot,),
    ("facebook", "meta"): (pymsgr, floor(pywa)),
    ("instagram", "meta"): (floor(pywa),),
    ("line", "line"): (line_bot_sdk,),
    ("apple", "apple"): (floor(pyjwt, gzip.decompress),),
    ("rcs", "google"): (google,),
    ("x", "x"): (x,),
    ("custom", "webhook"): (standard_webhooks,),
}


def peers(sample: Sample) -> list[Peer]:
    """Give what there is for the sample's adapter; nothing where no well-known library reads its webhooks."""
    return [make(sample) for make in PEERS.get((sample.account.channel, sample.account.provider), ())]
