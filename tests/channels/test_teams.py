"""Teams beside the Bot Framework's own client: what is sent, where to, and what is trusted."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from botbuilder.schema import (
    ActionTypes,
    Activity,
    AdaptiveCardInvokeResponse,
    CardAction,
    HeroCard,
    SuggestedActions,
)
from botbuilder.schema import (
    Attachment as TheirAttachment,
)
from botframework.connector import ConnectorClient
from hypothesis import given
from hypothesis import strategies as st
from msrest.authentication import BasicTokenAuthentication
from pydantic import ValidationError

from functions.channels.contract import Account, Answer, Call, Outcome, Refused, Sent, Standing, Unsure
from functions.channels.teams import Teams
from functions.delivery.caller import Caller
from functions.entra import Certificate, ClientSecret, ManagedIdentity
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice
from tests.channels.samples import NOW, SETTINGS, account, outbound, parsed, room
from tests.channels.vectors.teams import APP, CASES, CHAT, SERVICE, TEAM, TENANT, activity
from tests.cloud.test_tokens import PEM, PRIVATE

PHOTO = Attachment(kind=AttachmentKind.IMAGE, url="https://files.example.com/1.jpg", name="1.jpg")
PAPER = Attachment(kind=AttachmentKind.FILE, url="https://files.example.com/2.pdf")
THREAD = f"{TEAM};messageid=1481567603816"
TEAMS = Teams()


def standing(**context: str) -> Standing:
    return Standing(NOW, NOW, context)


def rendered(to: Account[Any], context: dict[str, str] | None = None, **more: Any) -> list[Call]:
    message = outbound("teams", **{"text": "Päivää *siellä* 👋", **more})
    return TEAMS.render(message, to, standing(**(context or {})))


def content(call: Call) -> dict[str, Any]:
    assert isinstance(call.json, dict)
    return call.json


@dataclass
class Connector:
    """Notes the path, as it came, and the body of each call."""

    taken: list[tuple[str, str, Any]] = field(default_factory=list)
    base: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((request.method, request.raw_path, await request.json()))
        return web.json_response({"id": "1485983408512"}, status=201)


@pytest_asyncio.fixture
async def connector() -> AsyncIterator[Connector]:
    made, app = Connector(), web.Application()
    app.router.add_post("/{path:.+}", made.take)
    async with TestServer(app) as server:
        made.base = str(server.make_url("/emea"))
        yield made


@pytest.mark.parametrize("thread", [CHAT, THREAD])
@pytest.mark.parametrize("reply_to", ["", "1485983408511"])
async def test_a_message_goes_as_their_client_sends_it(
    connector: Connector, thread: str, reply_to: str
) -> None:
    to, caller = account("teams", apiBase=connector.base), Caller()
    named = f"{thread}/{reply_to}" if reply_to else ""
    choices = (Choice(title="Kyllä", payload="Kyllä"), Choice(title="Ei", payload="Ei"))
    calls = rendered(to, thread=thread, reply_to=named, attachments=(PHOTO, PAPER), choices=choices)
    answers = [await caller.call(call, TEAMS.api_base(to)) for call in calls]
    await caller.close()
    assert [TEAMS.receipt(answer) for answer in answers] == [Sent("1485983408512")]

    said = [CardAction(type=ActionTypes.im_back, title=one.title, value=one.title) for one in choices]
    card = HeroCard(buttons=[CardAction(type=ActionTypes.open_url, title="2.pdf", value=PAPER.url)])
    files = [
        TheirAttachment(content_type="image/jpeg", content_url=PHOTO.url, name="1.jpg"),
        TheirAttachment(content_type="application/vnd.microsoft.card.hero", content=card),
    ]
    theirs = Activity(
        type="message",
        text="Päivää *siellä* 👋",
        text_format="plain",
        attachments=files,
        suggested_actions=SuggestedActions(actions=said),
        reply_to_id=reply_to or None,
    )
    client = ConnectorClient(BasicTokenAuthentication({"access_token": "t"}), base_url=connector.base)
    if reply_to:
        await asyncio.to_thread(client.conversations.reply_to_activity, thread, reply_to, theirs)
    else:
        await asyncio.to_thread(client.conversations.send_to_conversation, thread, theirs)
    ours, same = connector.taken
    assert ours[2] == same[2]
    assert (ours[0], web_path(ours[1])) == (same[0], web_path(same[1]))


def web_path(path: str) -> list[str]:
    """Split what came over the wire; both may escape what need not be, but not the slashes between."""
    return [unquote(part) for part in path.split("/")]


def test_a_button_of_ours_comes_back_with_its_payload() -> None:
    choices = (Choice(title="Kyllä", payload="YES:1"), Choice(title="Ei", payload="NO"))
    [call] = rendered(account("teams"), choices=choices)
    [card] = content(call)["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    for action, choice in zip(card["content"]["actions"], choices, strict=True):
        assert (action["type"], action["title"]) == ("Action.Submit", choice.title)
        [item] = parsed("teams", activity(value=action["data"], replyToId="1"))
        assert (item.payload, item.text) == (choice.payload, choice.title)


def test_in_a_group_choices_are_a_card() -> None:
    choices = (Choice(title="Kyllä", payload="Kyllä"),)
    [call] = rendered(account("teams"), {"conversationType": "channel"}, thread=THREAD, choices=choices)
    assert "suggestedActions" not in content(call)
    assert content(call)["attachments"]


def test_long_texts_and_many_files_go_in_order() -> None:
    files = tuple(PHOTO.model_copy(update={"url": f"https://f.example/{n}.png"}) for n in range(12))
    calls = rendered(account("teams"), text="sana " * 9000, attachments=files, reply_to=f"{CHAT}/7")
    assert [len(content(call).get("attachments", [])) for call in calls] == [0, 0, 10, 2]
    assert [len(content(call).get("text", "")) <= 20_000 for call in calls] == [True] * 4
    assert ["replyToId" in content(call) for call in calls] == [True, False, False, False]


def test_a_picture_too_large_to_show_is_a_link() -> None:
    [call] = rendered(account("teams"), text="", attachments=(PHOTO.model_copy(update={"size": 2_000_000}),))
    [card] = content(call)["attachments"]
    assert card["content"]["buttons"][0]["value"] == PHOTO.url


BASES = {
    SERVICE: SERVICE,
    "https://smba.trafficmanager.net/amer": "https://smba.trafficmanager.net/amer/",
    "https://smba.trafficmanager.net": "https://smba.trafficmanager.net/",
    "": "https://smba.trafficmanager.net/teams/",
    "https://evil.example/": "https://smba.trafficmanager.net/teams/",
    "https://smba.trafficmanager.net.evil.example/": "https://smba.trafficmanager.net/teams/",
    "https://smba.trafficmanager.net@evil.example/": "https://smba.trafficmanager.net/teams/",
    "https://smba.trafficmanager.net/../x": "https://smba.trafficmanager.net/teams/",
    "http://smba.trafficmanager.net/emea/": "https://smba.trafficmanager.net/teams/",
}


@pytest.mark.parametrize(("named", "called"), BASES.items())
def test_the_token_goes_to_the_connector_only(named: str, called: str) -> None:
    [call] = rendered(account("teams"), {"serviceUrl": named})
    assert call.url.startswith(f"{called}v3/conversations/a%3A")


@given(st.text(max_size=40) | st.just(SERVICE), st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_whatever_stands_there_is_called_below_the_connector(service: str, thread: str, reply: str) -> None:
    to = account("teams")
    message = outbound("teams", text="x", thread=thread, reply_to=reply)
    [call] = TEAMS.render(message, to, standing(serviceUrl=service))
    assert call.url.startswith(TEAMS.api_base(to))
    assert call.url.isascii() or service in call.url
    assert call.url.count("?") == 0


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, ClientSecret),
        ({"clientSecret": "", "certificate": PEM}, Certificate),
        ({"clientSecret": "", "certificate": PRIVATE, "thumbprint": "a" * 40}, Certificate),
        ({"clientSecret": "", "managedIdentity": True}, ManagedIdentity),
    ],
)
def test_the_bot_proves_itself_in_one_way(changes: dict[str, Any], kind: type) -> None:
    app = TEAMS.entra_app(account("teams", **changes))
    assert isinstance(app.credential, kind)
    assert (app.client_id, app.tenant) == (APP, TENANT)
    assert app.scope == "https://api.botframework.com/.default"


@pytest.mark.parametrize(
    "wrong",
    [
        {"clientSecret": ""},
        {"managedIdentity": True},
        {"certificate": PEM},
        {"clientSecret": "", "certificate": "no pem"},
        {"clientSecret": "", "certificate": PRIVATE},
        {"clientSecret": "", "certificate": PEM, "thumbprint": "x"},
        {"appId": "bot"},
        {"tenantId": "contoso.onmicrosoft.com"},
        {"apiBase": "https://evil.example"},
        {"apiBase": "https://smba.trafficmanager.net.evil.example"},
        {"apiBase": "https://evilbotframework.com"},
        {"keysUrl": "http://login.botframework.com/v1/.well-known/keys"},
        {"scope": "https://api.botframework.com"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        account("teams", **wrong)


def test_the_government_cloud_is_a_matter_of_settings() -> None:
    gov = account(
        "teams",
        apiBase="https://smba.infra.gov.teams.microsoft.us",
        keysUrl="https://login.botframework.azure.us/v1/.well-known/keys",
        issuer="https://api.botframework.us",
        scope="https://api.botframework.us/.default",
        loginBase="https://login.microsoftonline.us",
    )
    assert TEAMS.entra_app(gov).authority == "https://login.microsoftonline.us"


def answered(status: int, body: object, headers: dict[str, str] | None = None) -> Outcome:
    return TEAMS.receipt(Answer(status, headers or {}, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("status", "code", "retryable", "stale"),
    [
        (400, "BadSyntax", False, False),
        (401, "Unauthorized", False, True),
        (403, "MessageWritesBlocked", False, False),
        (403, "BotNotInConversationRoster", False, False),
        (404, "ConversationNotFound", False, False),
        (412, "PreconditionFailed", True, False),
        (413, "MessageSizeTooBig", False, False),
        (429, "TooManyRequests", True, False),
    ],
)
def test_a_refusal_has_a_reason(status: int, code: str, retryable: bool, stale: bool) -> None:
    found = answered(status, {"error": {"code": code, "message": "Aino …"}}, {"retry-after": "3"})
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.stale_token) == (code, retryable, stale)
    assert found.retry_after == (3.0 if retryable else None)
    assert "Aino" not in found.reason


@pytest.mark.parametrize("status", [408, 502, 504])
def test_sending_knows_no_repetition(status: int) -> None:
    """Microsoft's page would have 502 and 504 repeated; but the message may be there, and would be twice."""
    assert isinstance(answered(status, {}), Unsure)


def test_an_invoke_is_answered_as_their_schema_has_it() -> None:
    items = parsed("teams", CASES["a button that waits"].body)
    answer = TEAMS.acknowledge(items)
    # Their Python class takes an object only for the value; on the wire a message is a string.
    theirs = AdaptiveCardInvokeResponse(status_code=200, type="application/vnd.microsoft.activity.message")
    assert json.loads(answer.body) == {**theirs.serialize(), "value": "OK"}
    other = TEAMS.acknowledge(parsed("teams", CASES["another invoke"].body))
    assert (other.status, other.body) == (200, "{}")


def test_two_conversations_may_have_the_same_activity_id() -> None:
    places = [{"id": name, "conversationType": "personal", "tenantId": TENANT} for name in ("a:1", "a:2")]
    items = [parsed("teams", activity(text="x", conversation=place))[0] for place in places]
    assert len({item.id for item in items}) == 2


def test_an_edit_meets_the_message_that_it_changes() -> None:
    [said] = parsed("teams", CASES["text"].body)
    [edit], [gone] = (parsed("teams", CASES[name].body) for name in ("an edit", "a deletion"))
    assert said.event == edit.target == gone.target
    assert len({said.id, edit.id, gone.id}) == 3


def test_without_a_conversation_there_is_nowhere_to_write() -> None:
    with pytest.raises(NotDeliverable):
        rendered(account("teams"), thread="")


def test_the_token_is_in_the_header_and_files_have_their_own() -> None:
    to = account("teams")
    picture = TEAMS.media_call(f"{SERVICE}v3/attachments/1/views/original", to, NOW)
    file = TEAMS.media_call("https://contoso-my.sharepoint.com/download?tempauth=ey", to, NOW)
    assert picture
    assert file
    assert (picture.tokened, file.tokened) == (True, False)
    assert TEAMS.authorised(picture, "t").headers == {"Authorization": "Bearer t"}
    assert SETTINGS["teams"]["clientSecret"] not in repr(TEAMS.entra_app(to))
    assert room("teams").capabilities is TEAMS.capabilities
