"""Menus: a key or a word chooses; silence and nonsense are asked again, but not for ever."""

import re
from collections.abc import Sequence

from functions.configuration.callflows import QUEUE, Menu, MenuChoice
from functions.voice.commands import Ask
from functions.voice.endings import leave
from functions.voice.events import CallEvent, Keyed, Spoke
from functions.voice.model import CallState
from functions.voice.step import Moment, Step, note, phrases
from functions.voice.waiting import enter, wait

MOST_QUESTIONS = 40  # of one call, however its menus lead to each other


def go(moment: Moment, name: str) -> Step:
    """Go where a choice leads: to a menu, into the line, or out."""
    menu = moment.plan.menu(name)
    if menu and moment.call.asked < MOST_QUESTIONS:
        return _ask(moment.having(tries=0), menu, moment.words(menu.prompt))
    return enter(moment) if menu or name == QUEUE else leave(moment, name)


def answered(moment: Moment) -> Step:
    """Take the choice that was meant."""
    menu = moment.plan.menu(moment.call.menu)
    if menu is None:  # the configuration changed meanwhile
        return go(moment, QUEUE)
    choice = chosen(menu.choices, moment.event, moment.call.language)
    return _taken(moment, menu.id, choice) if choice else unanswered(moment)


def unanswered(moment: Moment) -> Step:
    """Ask again, or go where those go who do not choose."""
    menu = moment.plan.menu(moment.call.menu)
    if menu is None:
        return go(moment, QUEUE)
    if moment.call.tries >= menu.tries:
        return go(moment, menu.otherwise).after(note(f"menu {menu.id}: no choice"))
    return _ask(moment, menu, moment.words(menu.again, menu.prompt))


def in_line(moment: Moment) -> Step:
    """Leave the line by a choice; anything else is a wait that is over."""
    choice = chosen(moment.plan.queue.choices, moment.event, moment.call.language)
    return _taken(moment, "queue", choice) if choice else wait(moment)


def chosen(choices: Sequence[MenuChoice], event: CallEvent, language: str) -> MenuChoice | None:
    """Find the choice that was pressed, or of which a phrase was said."""
    if isinstance(event, Keyed):
        return next((choice for choice in choices if choice.digit == event.digits), None)
    if not isinstance(event, Spoke):
        return None
    said = _plain(event.text)
    for choice in choices:
        if any(_plain(phrase) in said for phrase in (choice.digit, *phrases(choice, language))):
            return choice
    return None


def _ask(moment: Moment, menu: Menu, text: str) -> Step:
    ask = Ask(
        text=text,
        language=moment.call.language,
        options=moment.options(menu.choices),
        seconds=menu.seconds,
    )
    call = moment.call
    return moment.step(ask, state=CallState.MENU, menu=menu.id, tries=call.tries + 1, asked=call.asked + 1)


def _taken(moment: Moment, menu: str, choice: MenuChoice) -> Step:
    context = {f"menu.{name}": value for name, value in choice.context.items()}
    values = " ".join(f"{name}={value}" for name, value in choice.context.items())
    told = note(f"menu {menu}: {choice.digit} {values}".rstrip(), context=context)
    language = choice.language or moment.call.language
    chose = moment.having(context={**moment.call.context, **context}, language=language)
    return go(chose, choice.next).after(told)


def _plain(text: str) -> str:
    """Give words alone, with a space around each, so that a phrase is not found within a word."""
    words = re.findall(r"[\w*#]+", text.casefold())
    return f" {' '.join(words)} "
