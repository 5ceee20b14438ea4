"""Our own page starts chats: with a survey, with customers who are signed in, from allowed origins only."""

from typing import Any

import jwt
import pytest

from functions.conversations.states import PERSISTENT
from tests.desk import issuers
from tests.desk.issuers import KEY, OTHER
from tests.directline.kit import ALLOWED, FORBIDDEN, MEMBER, Chats, Talk, Told

ANSWERS = {"Name": "Aino", "topic": "invoice"}


async def visit(chats: Chats, account: str, origin: str | None = None, **body: Any) -> Told:
    headers = {"Origin": chats.url if origin is None else origin} if origin != "" else {}
    return await chats.call("POST", "/session", body, account=account, **headers)


def talk(chats: Chats, account: str, told: Told) -> Talk:
    assert told.status == 201, told.body
    return Talk(chats, account, told.body["conversationId"], told.body["token"], told.body["userId"])


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 201), (ALLOWED, 201), (ALLOWED.upper(), 201), (FORBIDDEN, 403), ("", 403), ("null", 403)],
)
async def test_origins(chats: Chats, origin: str | None, status: int) -> None:
    told = await visit(chats, "web", origin)
    assert told.status == status
    if status == 403:
        assert told.code == "OriginNotAllowed"


async def test_what_a_page_is_told(chats: Chats) -> None:
    told = await visit(chats, "web", locale="fi-FI")
    assert told.body["expires_in"] == 1800
    assert told.body["pollingInterval"] == 1000
    assert told.body["webSocket"] is ("streamUrl" in told.body)
    visitor = talk(chats, "web", told)
    assert (await visitor.poll())[0]["text"] == "Hei!"
    await visitor.say("moi")
    assert (await visitor.opened())["context"] == {"signedIn": "false"}


async def test_nobody_is_given_anothers_chat(chats: Chats) -> None:
    first, second = [(await visit(chats, "club")).body for _ in range(2)]
    assert first["userId"] != second["userId"]
    assert first["conversationId"] != second["conversationId"]


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        (ANSWERS, 201),
        ({"Name": "Aino"}, 201),
        ({}, 400),
        ({"Name": " "}, 400),
        ({"Name": "Aino", "topic": "nothing of it"}, 400),
        ({"Name": "Aino", "another": "x"}, 400),
        ({"Name": "A" * 4001}, 400),
        ("Aino", 400),
    ],
)
async def test_the_survey(chats: Chats, answers: Any, status: int) -> None:
    assert (await visit(chats, "asking", survey=answers)).status == status


async def test_answers_are_context(chats: Chats) -> None:
    context = {"Name": "somebody", "signedIn": "true", "page": "/cart"}
    visitor = talk(chats, "asking", await visit(chats, "asking", survey=ANSWERS, context=context))
    await visitor.say("moi")
    opened = await visitor.opened()
    assert opened["context"] == {**ANSWERS, "signedIn": "false", "page": "/cart"}
    assert opened["customer"]["name"] == "Aino"


def member(key: Any = KEY, kid: str | None = "one", **claims: Any) -> str:
    said = {"sub": MEMBER, "name": "Aino V.", "email": "aino@example.com", "lwicontexts": '{"tier": "gold"}'}
    return issuers.token(key, kid, **{**said, **claims})


async def test_a_signed_in_customer(chats: Chats) -> None:
    first = await visit(chats, "members", token=member(), context={"tier": "none", "page": "/cart"})
    visitor = talk(chats, "members", first)
    await visitor.say("moi")
    opened = await visitor.opened()
    assert opened["context"] == {"tier": "gold", "page": "/cart", "signedIn": "true", PERSISTENT: "true"}
    assert opened["agentQueue"] == "gold"
    assert [(one["entity"], one["id"], one["name"]) for one in opened["links"]] == [
        ("contact", MEMBER, "Aino Virtanen")
    ]
    assert opened["customer"]["name"] == "Aino V."
    again = await visit(chats, "members", token=member())
    assert again.body["conversationId"] == visitor.conversation
    assert again.body["userId"] == visitor.user


async def test_a_customer_without_a_record(chats: Chats) -> None:
    visitor = talk(chats, "members", await visit(chats, "members", token=member(sub="nobody-we-know")))
    await visitor.say("moi")
    assert (await visitor.opened())["links"] == []


@pytest.mark.parametrize(
    "token",
    [
        member(OTHER),
        member(kid="unknown"),
        member(kid=None),
        member(iss="https://elsewhere.example"),
        member(aud="somebody else"),
        member(exp=1),
        member(sub=None),
        member(sub=""),
        member(sub="x" * 201),
        issuers.unsigned(),
        issuers.confused(),
        "rubbish",
        "x" * 20_000,
    ],
)
async def test_tokens_that_vouch_for_nobody(chats: Chats, token: str) -> None:
    told = await visit(chats, "members", token=token)
    assert (told.status, told.code) == (401, "Unauthorized")


async def test_a_token_where_nobody_signs_in(chats: Chats) -> None:
    assert (await visit(chats, "web", token=member())).status == 400


@pytest.mark.parametrize("context", ["[1]", "not JSON", '{"a": [1]}', 7])
async def test_odd_contexts_of_a_token(chats: Chats, context: Any) -> None:
    told = await visit(chats, "members", token=member(lwicontexts=context))
    assert told.status == (201 if context == "not JSON" else 400)


async def test_a_key_as_pem(chats: Chats) -> None:
    assert (await visit(chats, "pem", token=member(kid=None))).status == 201
    assert (await visit(chats, "pem", token=member(OTHER))).status == 401
    public_as_secret = jwt.encode({"sub": MEMBER}, "k" * 64, "HS256")
    assert (await visit(chats, "pem", token=public_as_secret)).status == 401
