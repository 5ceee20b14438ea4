"""What was said, for the customer to keep: as plain text, or as a page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from types import MappingProxyType

from functions.channels.contract import Response
from functions.conversations.feed import Mark
from functions.conversations.model import STATE, Direction, State, StoredMessage
from functions.conversations.states import OVER
from functions.conversations.threads import Threads
from functions.directline.access import admit
from functions.directline.activities import SHOWN
from functions.directline.call import NO_STORE, Call
from functions.directline.sessions import Sessions
from functions.errors import Invalid
from functions.message import thread_key

PAGE, MOST = 500, 20  # messages of a read, and how many reads
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "fi": {"you": "Sinä", "ended": "Keskustelu on päättynyt", "times": "Ajat ovat UTC-aikaa"},
        "sv": {"you": "Du", "ended": "Samtalet har avslutats", "times": "Tiderna är i UTC"},
        "en": {"you": "You", "ended": "The conversation has ended", "times": "Times are in UTC"},
    }
)
DOCUMENT = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{times}</p><dl>
{lines}
</dl></body></html>
"""


class Transcripts:
    """The endpoint that gives a transcript."""

    def __init__(self, threads: Threads, sessions: Sessions) -> None:
        self._threads = threads
        self._sessions = sessions

    async def transcript(self, call: Call) -> Response:
        """Give all that was said; `format` is text or html, `locale` another one than the conversation's."""
        grant = await admit(call, self._sessions)
        wanted = call.request.parameters()
        language = _language(wanted.get("locale") or grant.locale)
        writer = {"text": _text, "html": _html}.get(wanted.get("format", "text"))
        if writer is None:
            raise Invalid("a transcript is text or html")
        key = thread_key(call.account.channel, call.account.id, grant.conversation)
        messages = await self._all(key)
        content, kind = writer(call.account.settings.title, messages, language)
        ending = "html" if kind == "text/html" else "txt"
        saved = {"Content-Disposition": f'attachment; filename="{call.account.id}.{ending}"'}
        guarded = {
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(200, content, f"{kind}; charset=utf-8", {**NO_STORE, **guarded, **saved})

    async def _all(self, key: str) -> list[StoredMessage]:
        found: list[StoredMessage] = []
        mark = Mark()
        for _ in range(MOST):
            feed = await self._threads.feed(key, mark, PAGE)
            found += feed.messages
            if feed.mark == mark:
                break
            mark = feed.mark
        return found


def _language(locale: str) -> str:
    language = locale.partition("-")[0].lower()
    return language if language in WORDS else "en"


def _lines(
    title: str, messages: Sequence[StoredMessage], words: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Give time, speaker and words of everything that the customer was shown."""
    for message in messages:
        at = _time(message.received_at)
        if message.kind == STATE and State(message.payload) in OVER:
            yield at, "", words["ended"]
        elif message.kind in SHOWN and not message.deleted_at:
            who = words["you"] if message.direction is Direction.INBOUND else title
            files = [f"[{one.name or one.url}]" for one in message.attachments]
            yield at, who, " ".join([message.text, *files]).strip()


def _text(title: str, messages: Sequence[StoredMessage], language: str) -> tuple[str, str]:
    words = WORDS[language]
    lines = [
        f"{at}  {who}: {said}" if who else f"{at}  {said}" for at, who, said in _lines(title, messages, words)
    ]
    return "\n".join([title, words["times"], "", *lines, ""]), "text/plain"


def _html(title: str, messages: Sequence[StoredMessage], language: str) -> tuple[str, str]:
    words = WORDS[language]
    lines = [
        f"<dt><time>{at}</time> {escape(who)}</dt><dd>{escape(said)}</dd>"
        for at, who, said in _lines(title, messages, words)
    ]
    content = DOCUMENT.format(
        language=language, title=escape(title), times=words["times"], lines="\n".join(lines)
    )
    return content, "text/html"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
