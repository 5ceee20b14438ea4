"""A visit of our own page or widget: it starts a chat without a secret, which no page could keep.

What stands for the secret is the page's origin, and of a signed-in customer the token of the business.
"""

from collections.abc import Mapping

from pydantic import JsonValue

from functions.channels.chat import ChatSettings, Question
from functions.channels.contract import Response
from functions.directline.call import Call, answered
from functions.directline.connecting import stream_url
from functions.directline.context import known, read_context
from functions.directline.limits import BEGIN, Limits
from functions.directline.origins import ORIGIN, OriginRefused, check
from functions.directline.sessions import Session, Sessions, conversation_of, new_user
from functions.directline.signin import SignedIn, link, sign_in
from functions.directline.starting import BODY_LIMIT, LOCALE_LIMIT, NAME_LIMIT, opened, short
from functions.errors import Invalid
from functions.providers.payload import child, text

SIGNED_IN = "signedIn"  # in the context: whether somebody vouches for who it is
POLLING = 1000  # milliseconds


class Visits:
    """The endpoint that pages start with."""

    def __init__(self, sessions: Sessions, limits: Limits) -> None:
        self._sessions = sessions
        self._limits = limits

    async def begin(self, call: Call) -> Response:
        """Start a conversation, or go on with a signed-in customer's persistent one."""
        if not call.request.headers.get(ORIGIN):
            raise OriginRefused("only pages may start a chat without a secret")
        check(call.request, call.account)
        body = call.json(BODY_LIMIT)
        answers = read_survey(call.account.settings, child(body, "survey"))
        # Before the token: who guesses at those is counted too.
        await self._limits.spend(call, BEGIN, 1, call.account.settings.begin_limit)
        token = text(body, "token")
        customer = await sign_in(call, token) if token else None
        session = await self._sessions.open(call.account.id, _session(call, body, answers, customer))
        if customer:
            await link(call, customer, session.customer)
        grant = session.grant(call.request.received_at)
        stream = await stream_url(call, grant)
        content = {**opened(call, grant), "userId": session.user, "pollingInterval": POLLING}
        streamed: dict[str, JsonValue] = {"streamUrl": stream} if stream else {}
        return answered({**content, **streamed, "webSocket": stream is not None}, 201)


def read_survey(settings: ChatSettings, answers: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Check the answers of the account's survey; raises Invalid for a wrong, or a missing, one."""
    unknown = set(answers) - {question.id for question in settings.survey}
    if unknown:
        raise Invalid("the survey has no such question")
    given = {question.id: _answer(question, answers) for question in settings.survey}
    return {name: answer for name, answer in given.items() if answer}


def _answer(question: Question, answers: Mapping[str, JsonValue]) -> JsonValue:
    given = text(dict(answers), question.id).strip()
    if question.required and not given:
        raise Invalid(f"the question {question.id!r} wants an answer")
    if given and question.kind == "choice" and given not in question.choices:
        raise Invalid(f"the question {question.id!r} has no such choice")
    return given


def _session(
    call: Call, body: dict[str, JsonValue], answers: dict[str, JsonValue], customer: SignedIn | None
) -> Session:
    ours: dict[str, JsonValue] = {SIGNED_IN: customer is not None}
    context = read_context(body.get("context"), answers, customer.context if customer else None, ours)
    told, user = known(context), customer.user if customer else new_user()
    return Session(
        conversation=conversation_of(call.account, user),
        user=user,
        name=(customer.name if customer else "")[:NAME_LIMIT] or told.get("name", ""),
        phone=customer.phone if customer else told.get("phone", ""),
        email=customer.email if customer else told.get("email", ""),
        locale=short(body, LOCALE_LIMIT, "locale"),
        context=context,
        subject=customer.subject if customer else "",
        origin=call.request.headers[ORIGIN],
        started=True,
        created_at=call.request.received_at,
    )
