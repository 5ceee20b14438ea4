"""Calling the chat API of a running platform: what is sent, who sends it, and what is answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import jwt

from functions.channels.chat import Chat, ChatSettings
from functions.channels.contract import Account
from functions.directline import tokens
from functions.directline.tokens import Grant
from local.desk import Desk, Json
from tests.desk.issuers import AUDIENCE, ISSUER
from tests.waiting import eventually

SECRET, FORMER_SECRET = "the-secret-of-web", "the-former-secret-of-web"
KEY, FORMER_KEY, OTHER_KEY = "k" * 48, "f" * 48, "o" * 48
ALLOWED, FORBIDDEN, TRUSTED = "https://shop.example", "https://elsewhere.example", "https://partner.example"
GREETING = {"fi": "Hei!", "en": "Hello!"}
SURVEY = [
    {"id": "Name", "text": "Name", "required": True},
    {"id": "topic", "text": "Topic", "kind": "choice", "choices": {"invoice": "Invoice", "other": "Other"}},
]


def settings(secret: str = SECRET, key: str = KEY, **more: Any) -> Json:
    signing = [{"id": "now", "key": key}, {"id": "before", "key": FORMER_KEY}]
    # All callers of the tests are one network: what is counted is tested with accounts of its own.
    limits = {"beginLimit": 0, "uploadLimit": 0}
    return {"secrets": [secret, FORMER_SECRET], "signingKeys": signing, "title": "Tuki", **limits, **more}


ACCOUNTS: Mapping[str, Json] = {
    "web": settings(greeting=GREETING, allowedOrigins=[ALLOWED]),
    "twin": settings(),  # with the keys of the first
    "stranger": settings("another-secret", OTHER_KEY),
    "club": settings(persistent=True),
    "public": settings(beginLimit=3, uploadLimit=3, persistent=True),
    "fronted": settings(beginLimit=3, uploadLimit=3, proxies=1),
    "asking": settings(survey=SURVEY, allowedOrigins=[ALLOWED]),
}
MEMBER = "5d1f0a4e-0000-0000-0000-00000000a140"


def configuration(jwks: str, pem: str) -> str:
    """The document; JSON is YAML."""
    signed = {"issuer": ISSUER, "audience": AUDIENCE}
    accounts = {
        **ACCOUNTS,
        "members": settings(persistent=True, signIn={**signed, "jwksUrl": jwks}),
        "pem": settings(signIn={**signed, "publicKeyUrl": pem}),
    }
    entries = [
        {"id": name, "channel": "chat", "provider": "directline", "workstream": "help", "settings": one}
        for name, one in accounts.items()
    ]
    gold = {"name": "gold", "when": {"field": "context.tier", "equals": "gold"}, "agentQueue": "gold"}
    document = {
        "version": 1,
        "entitlements": ["chat"],
        "accounts": entries,
        "workstreams": [{"id": "help", "agentQueue": "all", "rules": [gold]}],
        "agentQueues": [{"id": "all"}, {"id": "gold"}],
        "records": [{"entity": "contact", "id": MEMBER, "name": "Aino Virtanen"}],
    }
    return json.dumps(document)


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


@dataclass
class Chats:
    """Calls to accounts, by whoever is asked for."""

    http: aiohttp.ClientSession
    url: str
    desk: Desk
    desk_token: str

    def account(self, name: str = "web") -> Account[ChatSettings]:
        """The account as the server has it, to make tokens that it does not."""
        found = ChatSettings.model_validate(ACCOUNTS[name])
        return Account(name, Chat.channel, Chat.provider, self.base(name), found)

    def base(self, name: str = "web") -> str:
        return f"{self.url}/api/channels/chat/{name}"

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        account: str = "web",
        data: Any = None,
        **headers: str,
    ) -> Told:
        """Call a path below Direct Line's; one that begins with a slash is below the account."""
        place = path[1:] if path.startswith("/") else f"v3/directline/{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        content = {"json": body} if data is None and body is not None else {"data": data}
        url = place if place.startswith("http") else f"{self.base(account)}/{place}"
        async with self.http.request(method, url, headers=sent, **content) as answer:
            raw = await answer.read()
            is_json = answer.content_type == "application/json" and raw
            return Told(answer.status, answer.headers, json.loads(raw) if is_json else raw)

    async def start(self, account: str = "web", **body: Any) -> "Talk":
        """Start a conversation as a backend does, and hand it to a customer."""
        user = {"id": f"dl_{uuid4().hex}", **body.pop("user", {})}
        made = await self.call(
            "POST", "tokens/generate", {"user": user, **body}, token=SECRET, account=account
        )
        assert made.status == 200, made.body
        token = made.body["token"]
        started = await self.call("POST", "conversations", {}, token=token, account=account)
        assert started.status in (200, 201)
        return Talk(self, account, started.body["conversationId"], started.body["token"], user["id"])

    def aged(self, talk: "Talk", age: timedelta) -> str:
        """Make a token that was renewed all the time since the first one, which is so old."""
        now = datetime.now(UTC)
        grant = Grant(talk.conversation, talk.user, now - age, now + timedelta(minutes=5), now - age)
        return tokens.write(self.account(talk.account), grant)

    def forged(self, kind: str, talk: "Talk") -> str:
        """Make a token that must not be taken."""
        account, now = self.account(talk.account), datetime.now(UTC)
        grant = Grant(talk.conversation, talk.user, now, now + timedelta(minutes=5), now)
        good = jwt.decode(tokens.write(account, grant), options={"verify_signature": False})
        makers: dict[str, Callable[[], str]] = {
            "expired": lambda: tokens.write(account, Grant(talk.conversation, talk.user, now, now, now)),
            "unknown kid": lambda: jwt.encode(good, KEY, "HS256", {"kid": "never"}),
            "no kid": lambda: jwt.encode(good, KEY, "HS256"),
            "another key": lambda: jwt.encode(good, OTHER_KEY, "HS256", {"kid": "now"}),
            "the other key's kid": lambda: jwt.encode(good, FORMER_KEY, "HS256", {"kid": "now"}),
            "alg none": lambda: jwt.encode(good, "", "none", {"kid": "now"}),
            "another algorithm": lambda: jwt.encode(good, KEY, "HS384", {"kid": "now"}),
            "another account's": lambda: tokens.write(self.account("twin"), grant),
            "a file's": lambda: tokens.write_file(account, "x", 0, now),
            "no token at all": lambda: "rubbish",
        }
        return makers[kind]()


@dataclass
class Talk:
    """A customer's client in one conversation."""

    chats: Chats
    account: str
    conversation: str
    token: str
    user: str
    watermark: str = ""
    seen: list[Json] = field(default_factory=list)

    async def call(self, method: str, what: str = "", body: Any = None, **more: Any) -> Told:
        place = f"conversations/{self.conversation}/{what}".rstrip("/")
        return await self.chats.call(
            method, place, body, **{"token": self.token, "account": self.account, **more}
        )

    async def post(self, **activity: Any) -> Told:
        return await self.call("POST", "activities", {"type": "message", **activity})

    async def say(self, text: str, name: str = "") -> str:
        """Post a text that must be taken; gives its id."""
        told = await self.post(text=text, channelData={"clientActivityID": name or uuid4().hex})
        assert told.status == 200, told.body
        return str(told.body["id"])

    async def poll(self) -> list[Json]:
        told = await self.call("GET", f"activities?watermark={self.watermark}")
        assert told.status == 200, told.body
        self.watermark = told.body["watermark"]
        self.seen += told.body["activities"]
        return list(told.body["activities"])

    async def until(self, count: int, kind: str = "message") -> list[Json]:
        """Poll until so many activities of a kind were seen, and give them."""

        async def there() -> bool:
            await self.poll()
            return len(self.of(kind)) >= count

        await eventually(there)
        return self.of(kind)

    def of(self, kind: str) -> list[Json]:
        return [one for one in self.seen if one["type"] == kind]

    @property
    def texts(self) -> list[str]:
        return [one["text"] for one in self.of("message")]

    async def opened(self) -> Json:
        """The newest conversation that the agents have of this customer."""

        async def there() -> bool:
            return bool(await self._found())

        await eventually(there)
        return max(await self._found(), key=lambda one: str(one["id"]))

    async def _found(self) -> list[Json]:
        found = await self.chats.desk.conversations()
        return [one for one in found if one["customer"]["id"] == self.user]

    async def stored(self) -> list[Json]:
        """What the agents see of it."""
        return await self.chats.desk.items(f"conversations/{(await self.opened())['id']}/messages")

    async def reply(self, text: str, **more: Any) -> Json:
        return await self.chats.desk.reply((await self.opened())["id"], text, uuid4().hex, **more)
