"""Chat sessions: who a conversation is with, kept from its start for what the customer will say.

{account, conversation}    session                 read when the customer posts; polls have the token
begun:{0-f}                {opened_at}:{partition of the session}    for what is never said: `unspoken`
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from functions.channels.chat import ChatSettings
from functions.channels.contract import Account
from functions.conversations.layout import read
from functions.directline.tokens import LIFETIME, Grant
from functions.errors import AlreadyExists, NotFound
from functions.message import Address, Model, digest
from functions.ports import Entity, Op, Table, Write
from functions.rows import pack

TABLE = "chats"
ROW = "session"
SHARDS = "0123456789abcdef"


class Session(Model):
    """A conversation's session; `context` has the survey's answers too, all for routing rules.

    `subject` is the signed-in customer's; `origin` began it, and `origins` may call with its tokens.
    """

    conversation: str
    user: str
    name: str = ""
    phone: str = ""
    email: str = ""
    locale: str = ""
    context: Mapping[str, str] = {}
    subject: str = ""
    origin: str = ""
    origins: tuple[str, ...] = ()
    started: bool = False
    created_at: datetime
    opened_at: datetime | None = None  # the last time; not told by rows of earlier versions

    @property
    def customer(self) -> Address:
        """Give who writes."""
        return Address(id=self.user, name=self.name, phone=self.phone, email=self.email, locale=self.locale)

    def grant(self, now: datetime) -> Grant:
        """Give what its customer may do for the next half hour."""
        return Grant(
            conversation=self.conversation,
            user=self.user,
            began=self.created_at,
            expires=now + LIFETIME,
            since=now,
            locale=self.locale,
            origins=self.origins,
        )


class Sessions:
    """The sessions of all chat accounts. Every method raises Unavailable when the table does not answer."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def open(self, account: str, session: Session) -> Session:
        """Keep a session; one that is there (of a persistent chat) goes on, with what is said of it now."""
        partition, at = digest(account, session.conversation), session.created_at
        # First, so that no session is forgotten about.
        await self._table.commit([Op(Write.UPSERT, _note(partition, at, account))])
        session = session.model_copy(update={"opened_at": at})
        try:
            await self._table.commit([Op(Write.INSERT, _row(partition, session))])
        except AlreadyExists:
            former = await self.get(account, session.conversation)
            session = session.model_copy(
                update={"created_at": former.created_at, "started": former.started or session.started}
            )
            await self._table.commit([Op(Write.UPSERT, _row(partition, session))])
            if former.opened_at != at:
                await self._unnote(partition, former)
        return session

    async def start(self, account: str, conversation: str, locale: str) -> tuple[Session, bool]:
        """Give a session, and whether this is its first start; raises NotFound."""
        session = await self.get(account, conversation)
        if session.started:
            return session, False
        session = session.model_copy(update={"started": True, "locale": session.locale or locale})
        await self._table.commit([Op(Write.UPSERT, _row(digest(account, conversation), session))])
        return session, True

    async def get(self, account: str, conversation: str) -> Session:
        """Read a session; raises NotFound."""
        row = await self._table.get(digest(account, conversation), ROW)
        if row is None:
            raise NotFound("no such conversation")
        return read(Session, row)

    async def erase(self, account: str, conversation: str) -> None:
        """Drop a session; may be repeated."""
        partition = digest(account, conversation)
        if row := await self._table.get(partition, ROW):
            await self._unnote(partition, read(Session, row))
            await self._table.commit([Op(Write.DELETE, Entity(partition, ROW, {}))])

    async def _unnote(self, partition: str, session: Session) -> None:
        if session.opened_at:
            await self._table.commit([Op(Write.DELETE, _note(partition, session.opened_at))])


def conversation_of(account: Account[ChatSettings], user: str) -> str:
    """Name the conversation of a user: a new one, or in persistent chat always the same."""
    return lasting(account.id, user) if account.settings.persistent else uuid4().hex


def lasting(account: str, user: str) -> str:
    """Name the conversation of a user in persistent chat."""
    return digest("persistent", account, user)


def new_user() -> str:
    """Name a customer whom nobody named."""
    return f"dl_{uuid4().hex}"


def begun(shard: str) -> str:
    """Name the partition in which a sixteenth of the opened sessions are noted."""
    return f"begun:{shard}"


def moment(at: datetime) -> str:
    """Write a time so that times sort."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _note(partition: str, at: datetime, account: str = "") -> Entity:
    return Entity(begun(partition[0]), f"{moment(at)}:{partition}", {"account": account})


def _row(partition: str, session: Session) -> Entity:
    return Entity(partition, ROW, pack("json", session.json_text()))
