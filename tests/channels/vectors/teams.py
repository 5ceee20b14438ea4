"""Activities as Teams sends them: https://learn.microsoft.com/microsoftteams/platform/bots/."""

import json
from typing import Any

from tests.channels.vectors.case import Case

APP = "00000000-1111-2222-3333-444444444444"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
SERVICE = "https://smba.trafficmanager.net/emea/"
PERSON = "29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85gQtHieVkKilBZ9XHoq9j7Zaqt7CZ-NJWi7me2kHTL3Bw"
CHAT = "a:17I0kl9EkpE1O9PH5TWrzrLNwnWWcfrU7QZjKR0WSfOpzbfcAg2IaydGElSo10tVr4C7Fc6GtieTJX663WuJCc"
TEAM = "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype"
ID = "1485983408511"
ME = {"id": PERSON, "name": "Aino Virtanen", "aadObjectId": "bd667de4-6a3d-4bb6-a3e7-1f3d1f9c8d1e"}
BOT = {"id": f"28:{APP}", "name": "Monikanava"}

TYPES = (
    *("message", "invoke", "messageReaction", "messageUpdate", "messageDelete", "event", "typing"),
    *("installationUpdate", "conversationUpdate", "endOfConversation"),
)


def activity(kind: str = "message", **more: Any) -> bytes:
    """Give an activity of a personal chat; None leaves a field out."""
    whole: dict[str, Any] = {
        "type": kind,
        "id": ID,
        "timestamp": "2026-11-22T11:59:58.4782073Z",
        "localTimestamp": "2026-11-22T13:59:58.4782073+02:00",
        "serviceUrl": SERVICE,
        "channelId": "msteams",
        "from": ME,
        "conversation": {"conversationType": "personal", "tenantId": TENANT, "id": CHAT},
        "recipient": BOT,
        "channelData": {"tenant": {"id": TENANT}},
        "locale": "fi-FI",
        **more,
    }
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def in_channel(kind: str = "message", **more: Any) -> bytes:
    """The same in a team's channel, in the thread of a post."""
    place = {"conversationType": "channel", "tenantId": TENANT, "isGroup": True}
    data = {
        "tenant": {"id": TENANT},
        "team": {"id": TEAM, "name": "Tuki"},
        "channel": {"id": TEAM},
    }
    thread = {**place, "id": f"{TEAM};messageid=1481567603816"}
    return activity(kind, conversation=thread, **{"channelData": data, **more})


_CONTEXT = {
    "serviceUrl": SERVICE,
    "tenant": TENANT,
    "bot": f"28:{APP}",
    "conversationType": "personal",
    "entraUser": ME["aadObjectId"],
}
_MINE = {
    "thread": CHAT,
    "sender": {"id": PERSON, "name": "Aino Virtanen", "locale": "fi-FI"},
    "sentAt": "2026-11-22T11:59:58.478207Z",
    "context": _CONTEXT,
}
NAME = f"{CHAT}/{ID}"
_HTML = {"contentType": "text/html", "content": "<p>Kuva</p>"}

CASES = {
    "text": Case(
        activity(text="Hei 👋", textFormat="plain", attachments=[_HTML]),
        [{**_MINE, "kind": "message", "event": NAME, "text": "Hei 👋"}],
    ),
    "a mention in a channel's thread": Case(
        in_channel(
            text="<at>Monikanava</at>&nbsp;Tunteeko <at>Matti Meikäläinen</at> tämän?\n".replace(
                "&nbsp;", "\u00a0"
            ),
            replyToId="1481567603816",
            entities=[
                {"type": "mention", "mentioned": BOT, "text": "<at>Monikanava</at>"},
                {
                    "type": "mention",
                    "mentioned": {"id": "29:1matti", "name": "Matti Meikäläinen"},
                    "text": "<at>Matti Meikäläinen</at>",
                },
                {"type": "clientInfo", "locale": "fi-FI"},
            ],
        ),
        [
            {
                "kind": "message",
                "thread": f"{TEAM};messageid=1481567603816",
                "event": f"{TEAM};messageid=1481567603816/{ID}",
                "text": "Tunteeko Matti Meikäläinen tämän?",
                "target": "1481567603816",
                "context": {
                    **_CONTEXT,
                    "conversationType": "channel",
                    "team": TEAM,
                    "teamName": "Tuki",
                    "teamsChannel": TEAM,
                },
            }
        ],
    ),
    "a picture": Case(
        activity(
            text="Kuva",
            attachments=[
                {
                    "contentType": "image/*",
                    "contentUrl": f"{SERVICE}v3/attachments/0-eus-d3/views/original",
                },
                _HTML,
            ],
        ),
        [
            {
                "kind": "message",
                "text": "Kuva",
                "attachments": [{"kind": "image", "url": f"{SERVICE}v3/attachments/0-eus-d3/views/original"}],
            }
        ],
    ),
    "a file": Case(
        activity(
            attachments=[
                {
                    "contentType": "application/vnd.microsoft.teams.file.download.info",
                    "contentUrl": "https://contoso.sharepoint.com/personal/aino/Documents/lasku.pdf",
                    "name": "lasku.pdf",
                    "content": {
                        "downloadUrl": "https://contoso-my.sharepoint.com/download?tempauth=ey",
                        "uniqueId": "1150D938-8870-4044-9F2C-5BBDEBA70C9D",
                        "fileType": "pdf",
                    },
                }
            ]
        ),
        [
            {
                "kind": "message",
                "attachments": [
                    {
                        "kind": "file",
                        "url": "https://contoso-my.sharepoint.com/download?tempauth=ey",
                        "name": "lasku.pdf",
                    }
                ],
            }
        ],
    ),
    "a button of ours": Case(
        activity(value={"payload": "YES:1", "title": "Kyllä"}, replyToId="1577129001"),
        [
            {
                **_MINE,
                "kind": "postback",
                "event": NAME,
                "payload": "YES:1",
                "text": "Kyllä",
                "target": "1577129001",
            }
        ],
    ),
    "a form of somebody's card": Case(
        activity(value={"määrä": 2}), [{"kind": "postback", "payload": '{"määrä": 2}'}]
    ),
    "a button that says something": Case(
        activity(text="Kyllä", value="yes", channelData={"tenant": {"id": TENANT}, "postback": True}),
        [{"kind": "postback", "payload": "yes", "text": "Kyllä"}],
    ),
    "a button that waits": Case(
        activity(
            "invoke",
            name="adaptiveCard/action",
            value={
                "action": {
                    "type": "Action.Execute",
                    "verb": "ok",
                    "data": {"payload": "YES:1", "title": "Kyllä"},
                },
                "trigger": "manual",
            },
            replyToId="1577129001",
        ),
        [
            {
                "kind": "postback",
                "payload": "YES:1",
                "text": "Kyllä",
                "target": "1577129001",
                "context": {**_CONTEXT, "invoke": "adaptiveCard/action"},
            }
        ],
    ),
    "another invoke": Case(
        activity("invoke", name="task/fetch", value={}),
        [{"kind": "unsupported", "context": {**_CONTEXT, "invoke": "task/fetch"}}],
    ),
    "a reaction, in place of another": Case(
        activity(
            "messageReaction",
            reactionsAdded=[{"type": "heart"}],
            reactionsRemoved=[{"type": "like"}],
            replyToId="1575667808184",
        ),
        [
            {"kind": "reaction", "payload": "like", "target": "1575667808184", "event": f"{NAME}/0"},
            {"kind": "reaction", "text": "❤️", "target": "1575667808184", "event": f"{NAME}/1"},
        ],
    ),
    "an edit": Case(
        activity(
            "messageUpdate",
            text="Korjattu",
            channelData={"eventType": "editMessage", "tenant": {"id": TENANT}},
        ),
        [
            {
                "kind": "edit",
                "text": "Korjattu",
                "target": NAME,
                "event": f"{NAME}@2026-11-22T11:59:58.4782073Z",
            }
        ],
    ),
    "a deletion taken back": Case(
        activity(
            "messageUpdate",
            text="Hei",
            channelData={"eventType": "undeleteMessage", "tenant": {"id": TENANT}},
        ),
        [{"kind": "edit", "text": "Hei", "target": NAME}],
    ),
    "a deletion": Case(
        activity("messageDelete", channelData={"eventType": "softDeleteMessage", "tenant": {"id": TENANT}}),
        [{"kind": "delete", "target": NAME}],
    ),
    "read": Case(
        activity(
            "event",
            name="application/vnd.microsoft.readReceipt",
            value={"lastReadMessageId": "1795348790123"},
        ),
        [
            {
                **_MINE,
                "kind": "receipt",
                "receipt": {
                    "state": "read",
                    "message": "1795348790123",
                    "watermark": "2026-11-22T11:59:50.123000Z",
                },
            }
        ],
    ),
    "another event": Case(
        activity("event", name="application/vnd.microsoft.meetingStart"), [{"kind": "unsupported"}]
    ),
    "typing": Case(activity("typing"), [{**_MINE, "kind": "typing"}]),
    "installed": Case(activity("installationUpdate", action="add"), [{**_MINE, "kind": "optIn"}]),
    "removed": Case(activity("installationUpdate", action="remove"), [{**_MINE, "kind": "optOut"}]),
    "upgraded": Case(activity("installationUpdate", action="add-upgrade"), [{"kind": "optIn"}]),
    "installed in a team": Case(in_channel("installationUpdate", action="add"), [{"kind": "joined"}]),
    "removed from a team": Case(in_channel("installationUpdate", action="remove"), [{"kind": "left"}]),
    "installed somehow": Case(activity("installationUpdate", action="paint"), [{"kind": "unsupported"}]),
    "people came and went": Case(
        in_channel(
            "conversationUpdate",
            membersAdded=[BOT, {"id": "29:1matti", "name": "Matti"}, {"id": "29:1matti"}],
            membersRemoved=[{"id": "29:1liisa"}],
            id="f:5f85c2ad",
        ),
        [
            {"kind": "joined", "sender": {"id": PERSON, "name": "Aino Virtanen", "locale": "fi-FI"}},
            {"kind": "joined", "sender": {"id": "29:1matti", "locale": "fi-FI"}},
            {"kind": "left", "sender": {"id": "29:1liisa", "locale": "fi-FI"}},
        ],
    ),
    "a team got another name": Case(
        in_channel("conversationUpdate", channelData={"eventType": "teamRenamed"}), [{"kind": "unsupported"}]
    ),
    "only HTML": Case(activity(attachments=[_HTML]), [{"kind": "unsupported"}]),
    "a kind of tomorrow": Case(activity("hologram"), [{**_MINE, "kind": "unsupported"}]),
    "values of wrong types": Case(
        b'{"type":["message"],"conversation":7,"from":"x","id":{},"timestamp":5,"recipient":[]}',
        [{"kind": "unsupported", "thread": f"28:{APP}"}],
    ),
    "nothing": Case(b"{}", [{"kind": "unsupported"}]),
}
