"""Call flows: what a caller hears, chooses and waits for, before somebody answers.

callFlows:
  - id: support
    languages: [fi-FI, en-GB]
    greeting: {fi: Tervetuloa., en: Welcome.}
    menus:
      - id: reason
        prompt: {fi: "Laskut, paina 1.", en: "For invoices press 1."}
        choices:
          - {digit: "1", words: {fi: [laskut], en: [invoices]}, context: {reason: billing}, next: queue}
    queue: {words: {fi: "Olet jonossa sijalla {position}.", en: "You are number {position}."}}
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from functions.channels.texts import Texts
from functions.configuration.parts import Name, Strict
from functions.configuration.problem import Problem

QUEUE, VOICEMAIL, CALLBACK, HANG_UP = ENDS = ("queue", "voicemail", "callback", "hang-up")
VOICEMAIL_LIMIT = 300  # seconds

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?-[A-Z]{2}$")]
Digit = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
Target = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\+[1-9][0-9]{1,14}|sips?:[^\s<>\"]{3,250}|teams:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
    ),
]
"""E.164, a SIP address, or `teams:` and a Teams user's object id."""


class MenuChoice(Strict):
    """What a caller may press or say. `context` is kept for routing rules, as `context.menu.NAME`.

    `next`: another menu's id, or one of `ENDS`. `language` changes what the caller hears from here.
    """

    digit: Digit
    words: Mapping[str, tuple[str, ...]] = {}  # by language; said alone or within a sentence
    context: Mapping[Name, str] = {}
    language: Language | None = None
    next: str


class Menu(Strict):
    """A question; after `tries` without an answer the caller goes to `otherwise`."""

    id: Name
    prompt: Texts
    choices: Annotated[tuple[MenuChoice, ...], Field(min_length=1, max_length=12)]
    again: Texts = ""  # said before the prompt is repeated
    seconds: int = Field(default=6, ge=1, le=30)
    tries: int = Field(default=3, ge=1, le=9)
    otherwise: str = QUEUE


class Line(Strict):
    """Waiting for an agent. `{position}` in `words` is the caller's place, from 1.

    `music` is an https address, of a piece of about `seconds`: Twilio plays it to its end. `choices` lead out
    of the line, by keys only: `next` is voicemail, callback or hang-up. After `longest` the flow's
    `no_answer` counts, although nobody was rung.
    """

    words: Texts = ""
    music: str = Field(default="", pattern=r"^(https://\S+)?$")
    seconds: int = Field(default=20, ge=2, le=120)  # between two announcements
    longest: timedelta = Field(default=timedelta(minutes=15), gt=timedelta(0), le=timedelta(hours=4))
    choices: Annotated[tuple[MenuChoice, ...], Field(max_length=12)] = ()


class Voicemail(Strict):
    """A message after the tone."""

    prompt: Texts
    seconds: int = Field(default=120, ge=5, le=VOICEMAIL_LIMIT)


class Callback(Strict):
    """A promise to call back, at the number that the caller calls from."""

    words: Texts


class CallFlow(Strict):
    """What a call goes through: greeting, consent, menus, line, agent; and what else when there is none.

    `consent` is spoken before anything is recorded or transcribed, and always when either is asked for.
    `hours`: those of the line (an agent queue's own count besides); outside them `closed` is said and done.
    `no_answer`: what follows when no agent answers within `no_answer_seconds`, or the line was too long.
    `outbound` is said to those whom we call, `goodbye` before we hang up.
    """

    id: Name
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=20)]
    greeting: Texts
    consent: Texts = ""
    record: bool = False
    transcribe: bool = False
    menus: tuple[Menu, ...] = ()
    queue: Line = Line()
    no_answer_seconds: int = Field(default=25, ge=5, le=600)
    no_answer: str = HANG_UP
    hours: Name | None = None
    closed_words: Texts = ""
    closed: str = HANG_UP
    voicemail: Voicemail | None = None
    callback: Callback | None = None
    outbound: Texts = ""
    goodbye: Texts = ""

    def menu(self, name: str) -> Menu | None:
        """Find a menu."""
        return next((menu for menu in self.menus if menu.id == name), None)


def flow_problems(flow: CallFlow) -> Iterator[Problem]:
    """List what a flow cannot do as it is written; the paths begin within the flow."""
    if flow.record or flow.transcribe:
        yield from _spoken("consent", flow.consent, "calls are recorded or transcribed")
    if flow.callback:
        yield from _spoken("callback.words", flow.callback.words, "nobody would hear of the promise")
    yield from _leads(flow, "noAnswer", flow.no_answer, (VOICEMAIL, CALLBACK, HANG_UP))
    yield from _leads(flow, "closed", flow.closed, (VOICEMAIL, CALLBACK, HANG_UP))
    names = [menu.id for menu in flow.menus]
    for index, menu in enumerate(flow.menus):
        place = f"menus[{index}]"
        if menu.id in names[:index] or menu.id in ENDS:
            yield Problem(path=f"{place}.id", reason=f"{menu.id!r} means something else already")
        yield from _spoken(f"{place}.prompt", menu.prompt, "nobody would hear of the choices")
        yield from _leads(flow, f"{place}.otherwise", menu.otherwise, ENDS)
        yield from _choices(flow, place, menu.choices, (*ENDS, *names))
    yield from _choices(flow, "queue", flow.queue.choices, (VOICEMAIL, CALLBACK, HANG_UP))
    for index, choice in enumerate(flow.queue.choices):
        if choice.words:
            yield Problem(path=f"queue.choices[{index}].words", reason="are not heard in the line: keys are")


def _spoken(path: str, texts: Texts, why: str) -> Iterator[Problem]:
    """Require words, in each language that is named."""
    said = [texts] if isinstance(texts, str) else list(texts.values())
    if not said or not all(text.strip() for text in said):
        yield Problem(path=path, reason=f"has no words: {why}")


def _choices(
    flow: CallFlow, place: str, choices: Sequence[MenuChoice], known: Sequence[str]
) -> Iterator[Problem]:
    digits = [choice.digit for choice in choices]
    for index, choice in enumerate(choices):
        where = f"{place}.choices[{index}]"
        if choice.digit in digits[:index]:
            yield Problem(path=f"{where}.digit", reason=f"{choice.digit!r} is another choice's already")
        yield from _leads(flow, f"{where}.next", choice.next, known)


def _leads(flow: CallFlow, place: str, name: str, known: Sequence[str]) -> Iterator[Problem]:
    if name not in known:
        yield Problem(path=place, reason=f"leads nowhere: it may be {', '.join(known)}")
    elif (name == VOICEMAIL and not flow.voicemail) or (name == CALLBACK and not flow.callback):
        yield Problem(path=place, reason=f"the flow has no {name}")
