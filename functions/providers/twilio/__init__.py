"""Twilio, for all its channels: the webhook signature, REST calls and their answers.

Follows https://www.twilio.com/docs/usage/security; the newer shared keys choose key and hash by a header.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from pydantic import Field, SecretStr, model_validator

from functions.channels.contract import Answer, Call, Outcome, Refused, Request, Sent
from functions.errors import Invalid, NotAuthentic
from functions.providers.answers import AMBIGUOUS, UNNAMED, by_status, retry_after
from functions.providers.payload import read_answer, text
from functions.providers.settings import ApiBase, Secret, Settings
from functions.providers.signatures import header, keyed_hash, same, sha256_hex
from functions.providers.twilio.errors import PASSING, reason

Form = Sequence[tuple[str, str]]

FIELDS_LIMIT = 1000  # names of a form; Twilio sends some thirty
MEDIA_HOSTS = ("twilio.com", "twiliocdn.com", "s3-external-1.amazonaws.com")
_HASHES = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_MEDIA_API = "https://api.twilio.com/"  # of accounts in other regions too
_PORTS = {"https": 443, "http": 80}


class TwilioSettings(Settings):
    """What every Twilio account has. An API key, if given, is for calls; the token still signs webhooks."""

    account_sid: str = Field(pattern=r"^AC[0-9A-Za-z]{32}$")
    auth_token: Secret
    api_key: str = Field(default="", pattern=r"^(SK[0-9A-Za-z]{32})?$")
    api_secret: SecretStr = SecretStr("")
    shared_keys: Mapping[str, Secret] = {}
    api_base: ApiBase = "https://api.twilio.com"

    @model_validator(mode="after")
    def _whole_key(self) -> "TwilioSettings":
        if bool(self.api_key) != bool(self.api_secret.get_secret_value()):
            raise ValueError("apiKey and apiSecret belong together: give both or none")
        return self


def authenticate(request: Request, settings: TwilioSettings) -> None:
    """Check X-Twilio-Signature over the public URL and the form; raises NotAuthentic with what to look at."""
    given = header(request.headers, "X-Twilio-Signature")
    secret, algorithm = _selected(request, settings)
    suffix = _signed_parameters(request)
    url = f"{request.url}?{request.query}" if request.query else request.url
    for candidate in _with_and_without_port(url):
        expected = b64encode(keyed_hash(algorithm, secret, (candidate + suffix).encode()))
        if same(given, expected):
            return
    raise NotAuthentic(
        "the signature does not match: check the auth token (a subaccount has its own) "
        f"and that the webhook's URL at Twilio is exactly {request.url}"
    )


@lru_cache(maxsize=1)  # `authenticate` and `parse` read the same body, one right after the other
def read_form(body: bytes) -> Form:
    """Decode a form, blank values kept; raises Invalid when it is none, or far too long."""
    try:  # as `parse_qsl` does, in a third of its time
        fields = body.decode().replace("+", " ").split("&")
        if len(fields) > FIELDS_LIMIT:
            raise ValueError
        return tuple([_pair(field) for field in fields if field])
    except ValueError:
        raise Invalid("the body is not a UTF-8 form") from None


def message_call(settings: TwilioSettings, form: Form) -> Call:
    """Build the call that creates a message."""
    return api_call(settings, "Messages.json", form)


def api_call(settings: TwilioSettings, resource: str, form: Form) -> Call:
    """Build the call that creates, or changes, a resource of the account."""
    url = f"{settings.api_base}/2010-04-01/Accounts/{settings.account_sid}/{resource}"
    return Call(url=url, headers={"Authorization": _basic(settings)}, form=tuple(form))


def api_question(settings: TwilioSettings, resource: str) -> Call:
    """Build the call that reads a resource of the account."""
    url = f"{settings.api_base}/2010-04-01/Accounts/{settings.account_sid}/{resource}"
    return Call(url=url, headers={"Authorization": _basic(settings)}, method="GET")


def receipt(answer: Answer) -> Outcome:
    """Read what the Messages resource answered. Twilio's own sentence is left out: it quotes the number."""
    content = read_answer(answer.body)
    if answer.status < 300:
        sid = text(content, "sid")
        return Sent(sid) if sid else UNNAMED
    code = text(content, "code")
    if not code or answer.status in AMBIGUOUS:
        return by_status("Twilio", answer)
    retryable = code in PASSING or answer.status == 429 or answer.status in (500, 503)
    return Refused(code, reason(code), retryable, retry_after(answer) if retryable else None)


def media_hosts(settings: TwilioSettings) -> tuple[str, ...]:
    """Name where media lie: https://www.twilio.com/docs/messaging/api/media-resource redirects to a CDN."""
    return (settings.api_base, *MEDIA_HOSTS)


def media_call(settings: TwilioSettings, url: str) -> Call:
    """Build the GET of a MediaUrl; the credentials are for the API's own addresses only."""
    ours = url.startswith((f"{settings.api_base}/", _MEDIA_API))
    return Call(url=url, headers={"Authorization": _basic(settings)} if ours else {}, method="GET")


def _pair(field: str) -> tuple[str, str]:
    name, _, value = field.partition("=")
    if "%" in field:
        value = unquote_to_bytes(value).decode() if "%" in value else value
        name = unquote_to_bytes(name).decode() if "%" in name else name
    return name, value


def _basic(settings: TwilioSettings) -> str:
    user = settings.api_key or settings.account_sid
    password = settings.api_secret if settings.api_key else settings.auth_token
    return "Basic " + b64encode(f"{user}:{password.get_secret_value()}".encode()).decode()


def _selected(request: Request, settings: TwilioSettings) -> tuple[SecretStr, str]:
    chosen = request.headers.get("x-twilio-webhooks-signature-settings", "")
    if not chosen:
        return settings.auth_token, "sha1"
    parts = {
        name.strip(): value.strip() for name, _, value in (part.partition("=") for part in chosen.split(","))
    }
    secret = settings.shared_keys.get(parts.get("key", ""))
    algorithm = _HASHES.get(parts.get("algorithm", "HMAC_SHA1"))
    if secret is None:
        raise NotAuthentic(
            "the request is signed with a shared key that is not among the account's sharedKeys"
        )
    if algorithm is None:
        raise NotAuthentic("the request names a signature algorithm other than HMAC_SHA1 and HMAC_SHA256")
    return secret, algorithm


def _signed_parameters(request: Request) -> str:
    body_hash = parse_qs(request.query, keep_blank_values=True).get("bodySHA256") if request.query else None
    if body_hash:
        if not same(body_hash[0], sha256_hex(request.body)):
            raise NotAuthentic("the body is not the one whose bodySHA256 is in the URL")
        return ""
    try:
        return "".join(chain.from_iterable(sorted(set(read_form(request.body)))))
    except Invalid as unreadable:
        raise NotAuthentic(f"{unreadable.reason}, so Twilio cannot have signed it") from None


def _with_and_without_port(url: str) -> Iterator[str]:
    """Twilio signs with or without the port, by product. The rest of the URL stays as it is, to the byte."""
    yield url
    parts = urlsplit(url)
    place, port = parts.netloc, parts.port
    other = place.removesuffix(f":{port}") if port else f"{place}:{_PORTS.get(parts.scheme, 443)}"
    yield url.replace(place, other, 1)
