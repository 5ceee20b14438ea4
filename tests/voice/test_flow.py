"""The flow of a call without a telephone: what each event makes of each state, and that every call ends."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.configuration.callflows import flow_problems
from functions.voice.commands import Ask, Connect, HangUp, Hold, Say, TakeMessage
from functions.voice.endings import AGENT
from functions.voice.events import (
    Answered,
    CallEvent,
    Connected,
    Failed,
    Heard,
    HungUp,
    Keyed,
    NotConnected,
    Played,
    Rang,
    Recorded,
    Silent,
    Speaker,
    Spoke,
    Unrecorded,
    What,
)
from functions.voice.flow import TABLE, Standing, Step, advance
from functions.voice.model import Call, CallState, NoteKind, Way
from tests.voice.kit import CUSTOMER, NUMBER, TARGET, call_flow

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HERE = Standing(agent_queue="billing", target=TARGET)
NOTHING = ("step", "no message was left")
MESSAGE = Recorded("RE1", "https://x.example/1", 9, What.VOICEMAIL)
EMPTY = Recorded("RE1", "https://x.example/1", 0, What.VOICEMAIL)  # hung up with the tone
TAKEN: tuple[CallEvent, ...] = (Rang(), Answered(), Played())
IN_LINE: tuple[CallEvent, ...] = (*TAKEN, Keyed("1"), Keyed("1"), Played())
TALKING: tuple[CallEvent, ...] = (*IN_LINE, Played(), Connected())
INVITED: tuple[CallEvent, ...] = (*TAKEN, Keyed("1"), Keyed("3"), Played())
AT_VOICEMAIL: tuple[CallEvent, ...] = (*INVITED, Played())
AT_CALLBACK: tuple[CallEvent, ...] = (*TAKEN, Keyed("1"), Keyed("4"))


def call(**more: Any) -> Call:
    fields = {"id": "CA1", "provider": "twilio", "account": "line", "customer": CUSTOMER, "ours": NUMBER}
    return Call.model_validate({**fields, "language": "fi-FI", "started_at": NOW, **more})


def told(
    events: Sequence[CallEvent], begun: Call | None = None, standing: Standing = HERE, **plan: Any
) -> tuple[Step, list[Step]]:
    """Give the last step and all of them; ten seconds lie between two events."""
    steps = [Step(begun or call())]
    for place, event in enumerate(events):
        now = NOW + timedelta(seconds=10 * place)
        steps.append(advance(steps[-1].call, event, call_flow(**plan), now, standing))
    return steps[-1], steps


def kinds(step: Step) -> list[str]:
    return [type(command).__name__ for command in step.commands]


@pytest.mark.parametrize(
    ("events", "state", "commands"),
    [
        ([Rang()], CallState.RINGING, ["Answer"]),
        ([Rang(), Answered()], CallState.GREETING, ["Say"]),
        (TAKEN, CallState.MENU, ["Ask"]),
        ([*TAKEN, Keyed("1")], CallState.MENU, ["Ask"]),
        ([*TAKEN, Spoke("English, please.")], CallState.MENU, ["Ask"]),
        ([*TAKEN, Keyed("7")], CallState.MENU, ["Ask"]),
        ([*TAKEN, Silent()], CallState.MENU, ["Ask"]),
        ([*TAKEN, Silent(), Silent()], CallState.CONSENT, ["Say"]),  # two tries, then the line
        ([*TAKEN, Keyed("1"), Spoke("asia koskee laskua")], CallState.MENU, ["Ask"]),  # another word
        ([*TAKEN, Keyed("1"), Spoke("Lasku!")], CallState.CONSENT, ["Say"]),
        (IN_LINE, CallState.QUEUED, ["Hold"]),
        (
            [*IN_LINE, Played()],
            CallState.CONNECTING,
            ["StartRecording", "StartTranscription", "Connect"],
        ),
        ([*IN_LINE, Keyed("9")], CallState.CALLBACK, ["Say"]),
        (TALKING, CallState.TALKING, []),
        ([*IN_LINE, Played(), NotConnected("busy")], CallState.QUEUED, ["Hold"]),
        ([*IN_LINE, Played(), NotConnected("busy"), Played()], CallState.CONNECTING, ["Connect"]),
        ([*IN_LINE, Played(), NotConnected("no-answer")], CallState.INVITED, ["Say"]),
        ([*IN_LINE, Played(), NotConnected("no-answer"), Played()], CallState.VOICEMAIL, ["TakeMessage"]),
        ([*TALKING, HungUp(AGENT)], CallState.ENDED, ["HangUp"]),
        ([*TALKING, HungUp("customer")], CallState.ENDED, []),
        (INVITED[:-1], CallState.CONSENT, ["Say"]),  # what is said will be transcribed
        (INVITED, CallState.INVITED, ["Say"]),
        (AT_VOICEMAIL, CallState.VOICEMAIL, ["StartTranscription", "TakeMessage"]),
        ([*AT_VOICEMAIL, Played()], CallState.FAREWELL, ["Say"]),
        ([*AT_VOICEMAIL, Silent()], CallState.FAREWELL, ["Say"]),
        ([*AT_VOICEMAIL, Played(), Played()], CallState.ENDED, ["HangUp"]),
        (AT_CALLBACK, CallState.CALLBACK, ["Say"]),
        ([*AT_CALLBACK, Played()], CallState.ENDED, ["HangUp"]),
        ([HungUp("customer")], CallState.ENDED, []),
        ([Failed("busy")], CallState.ENDED, []),
    ],
)
def test_what_follows(events: Sequence[CallEvent], state: CallState, commands: list[str]) -> None:
    step, _ = told(events)
    assert (step.call.state, kinds(step)) == (state, commands)


@pytest.mark.parametrize(
    ("events", "notes"),
    [
        ([*TALKING, HungUp("customer")], [("left", "customer")]),
        ([*IN_LINE, HungUp("customer")], [("left", "customer")]),  # abandoned
        ([*INVITED, HungUp("customer")], [("left", "customer")]),  # before the tone
        ([*AT_VOICEMAIL, HungUp("customer")], [("step", "customer")]),  # what was said may be work
        ([*AT_VOICEMAIL, HungUp("customer"), Unrecorded()], [NOTHING, ("left", "customer")]),
        ([*AT_VOICEMAIL, HungUp("customer"), EMPTY], [NOTHING, ("left", "customer")]),
        ([*AT_VOICEMAIL, Unrecorded(), HungUp("customer")], [("left", "customer")]),
        ([*AT_VOICEMAIL, EMPTY, HungUp("customer")], [("left", "customer")]),
        ([*AT_VOICEMAIL, Silent(), HungUp("customer")], [("left", "customer")]),
        ([*AT_VOICEMAIL, Played(), HungUp("customer")], [("step", "customer")]),
        ([*AT_VOICEMAIL, Played(), HungUp("customer"), Unrecorded()], [NOTHING, ("left", "customer")]),
        ([*AT_VOICEMAIL, Played(), Unrecorded(), HungUp("customer")], [("left", "customer")]),
        ([*AT_VOICEMAIL, HungUp("customer"), MESSAGE], [("work", "Voicemail, 9 s")]),
        ([*AT_VOICEMAIL, MESSAGE, HungUp("customer")], [("step", "customer")]),
        ([*AT_VOICEMAIL, HungUp("customer"), MESSAGE, Unrecorded()], []),
        ([*AT_VOICEMAIL, HungUp("customer"), Unrecorded(), Unrecorded()], []),
        ([*AT_VOICEMAIL, HungUp("customer"), Unrecorded(), MESSAGE], [("work", "Voicemail, 9 s")]),  # late
        ([*AT_CALLBACK, HungUp("customer")], [("step", "customer")]),
        (
            IN_LINE,
            [
                ("step", "told that the call is recorded or transcribed"),
                ("work", "A caller waits for an agent."),
            ],
        ),
    ],
)
def test_what_the_conversation_is_told(events: Sequence[CallEvent], notes: list[tuple[str, str]]) -> None:
    step, _ = told(events)
    assert [(note.kind.value, note.text) for note in step.notes] == notes


def test_choices_become_context_and_language() -> None:
    step, _ = told([*TAKEN, Spoke("english"), Spoke("Invoices, I think")])
    assert step.call.context == {"menu.language": "en", "menu.reason": "billing"}
    assert [command for command in step.commands if isinstance(command, Say)] == [
        Say(text="This call is recorded.", language="en-GB")
    ]


def test_a_caller_who_asks_to_be_called_back_is_work_with_the_number() -> None:
    step, _ = told(AT_CALLBACK)
    assert step.notes[-1].context["callback"] == CUSTOMER
    hidden, _ = told(AT_CALLBACK, call(customer="hidden-CA1"))
    assert hidden.call.then == "voicemail"  # nobody can be called back there


def test_who_left_the_line_for_a_call_back_left_it() -> None:
    step, _ = told([*IN_LINE, Keyed("9")])
    assert [note.kind for note in step.notes] == [NoteKind.STEP, NoteKind.LEFT, NoteKind.WORK]


def test_the_position_is_said_and_the_second_waits() -> None:
    step, _ = told([*IN_LINE, Played()], standing=Standing(agent_queue="billing", target=TARGET, position=2))
    assert step.commands == (
        Hold(
            text="Olet jonossa sijalla 2.",
            language="fi-FI",
            seconds=4,
            options=step.commands[0].options,  # type: ignore[union-attr]
        ),
    )


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing(), CallState.QUEUED),  # not routed yet
        (Standing(agent_queue="billing"), CallState.INVITED),  # nobody can be rung
        (Standing(open=False, agent_queue="billing", target=TARGET), CallState.INVITED),
    ],
)
def test_a_line_without_agents(standing: Standing, state: CallState) -> None:
    begun = told(IN_LINE)[0].call
    assert advance(begun, Played(), call_flow(), NOW, standing).call.state is state


def test_outside_the_hours_words_come_before_the_tone() -> None:
    step, _ = told(TAKEN, standing=Standing(open=False), transcribe=False)
    assert step.commands == (Say(text="Olemme kiinni. Jätä viesti.", language="fi-FI"),)
    step, _ = told([*TAKEN, Played()], standing=Standing(open=False), transcribe=False)
    assert step.commands == (TakeMessage(language="fi-FI", seconds=60),)


def test_a_message_is_transcribed_after_that_was_said() -> None:
    _, steps = told([*TAKEN, *[Played()] * 2], standing=Standing(open=False))
    said = [command.text for step in steps for command in step.commands if isinstance(command, Say)]
    assert said[1:] == ["Olemme kiinni. Puhelu tallennetaan.", "Jätä viesti."]
    step, _ = told([*AT_VOICEMAIL, Heard("Hei.", Speaker.CUSTOMER, 1), Heard("Jätä", Speaker.AGENT, 2)])
    assert step.notes == ()  # our own voice
    step, _ = told([*AT_VOICEMAIL, Heard("Hei.", Speaker.CUSTOMER, 1)])
    assert [(note.kind, note.text) for note in step.notes] == [(NoteKind.STEP, "customer: Hei.")]


def test_what_we_say_in_the_line_is_not_the_agents() -> None:
    again = (*IN_LINE, Played(), NotConnected("busy"))
    step, _ = told([*again, Heard("Olet jonossa.", Speaker.AGENT, 1)])
    assert step.notes == ()
    rung = (*again, Played(), Heard("Hei.", Speaker.AGENT, 1))  # the answer is not told yet
    assert [note.kind for note in told(rung)[0].notes] == [NoteKind.AGENT]


def test_who_waits_again_after_a_busy_agent_may_stay_when_it_closes() -> None:
    begun = told([*IN_LINE, Played()])[0].call
    waits = advance(begun, NotConnected("busy"), call_flow(), NOW, Standing()).call
    assert (waits.state, waits.agent_queue) == (CallState.QUEUED, "billing")
    closed = Standing(open=False, agent_queue="billing", target=TARGET)
    assert advance(waits, Played(), call_flow(), NOW, closed).call.state is CallState.CONNECTING


def test_whom_we_call_is_put_through_outside_the_hours_too() -> None:
    closed = Standing(open=False, agent_queue="billing", target=TARGET)
    step, _ = told([Rang(), Answered(), Played(), Played(), Played()], call(way=Way.OUTBOUND), closed)
    assert step.call.state is CallState.CONNECTING


def test_the_line_is_as_long_as_is_written() -> None:
    line = {"seconds": 4, "longest": "PT1M"}
    away = Standing(agent_queue="billing", target=TARGET, position=9)
    _, steps = told([*IN_LINE, *[Played()] * 12], standing=away, queue=line)
    states = [step.call.state for step in steps]
    assert states.count(CallState.QUEUED) == 6
    assert CallState.INVITED in states


def test_nothing_is_recorded_that_was_not_asked_for() -> None:
    step, steps = told([*TAKEN, Keyed("1"), Keyed("1"), Played()], record=False, transcribe=False)
    assert CallState.CONSENT not in {one.call.state for one in steps}
    assert kinds(step) == ["Connect"]


def test_a_call_of_ours_goes_straight_to_an_agent() -> None:
    ours = call(way=Way.OUTBOUND)
    behind = Standing(agent_queue="billing", target=TARGET, position=7)
    step, _ = told([Rang(), Answered(), Played(), Played(), Played()], ours, behind)
    assert step.call.state is CallState.CONNECTING
    assert step.commands[-1] == Connect(target=TARGET, seconds=15)


def test_lines_of_the_transcript_are_put_in_order() -> None:
    lines = [Heard(word, Speaker.CUSTOMER, place) for place, word in enumerate("abcdefgh", start=1)]
    shuffled = [lines[place] for place in (1, 0, 3, 2, 7, 4, 6, 5)]
    _, steps = told([*TALKING, *shuffled])
    assert "".join(note.text for step in steps for note in step.notes if note.kind is NoteKind.CUSTOMER) == (
        "abcdefgh"
    )


def test_guesses_of_a_line_are_not_told_and_hold_nothing_up() -> None:
    lines = [Heard("la", Speaker.CUSTOMER, 1, final=False), Heard("lasku", Speaker.CUSTOMER, 2)]
    _, steps = told([*TALKING, *lines])
    assert [note.text for step in steps[-2:] for note in step.notes] == ["lasku"]


def test_a_lost_line_holds_the_others_up_for_a_while_only() -> None:
    late = [Heard(str(place), Speaker.AGENT, place) for place in range(2, 12)]
    _, steps = told([*TALKING, *late])
    heard = [note.text for step in steps for note in step.notes if note.kind is NoteKind.AGENT]
    assert heard == [str(place) for place in range(2, 12)]
    _, ended = told([*TALKING, Heard("end", Speaker.AGENT, 5), HungUp("customer")])
    assert [note.text for note in ended[-1].notes] == ["end", "customer"]


def test_what_comes_after_the_end_opens_nothing() -> None:
    over = [*TALKING, HungUp("customer")]
    late: list[CallEvent] = [
        Heard("moi", Speaker.CUSTOMER, 1),
        Recorded("RE1", "https://x.example/1", 9, What.TALK),
    ]
    _, steps = told([*over, *late])
    assert {note.kind for step in steps[-2:] for note in step.notes} == {NoteKind.STEP}


EVENTS: st.SearchStrategy[CallEvent] = st.one_of(
    st.sampled_from([Rang(), Answered(), Silent(), Played(), Connected(), HungUp("customer"), HungUp(AGENT)]),
    st.just(Unrecorded()),
    st.builds(Keyed, st.sampled_from("0123456789*#")),
    st.builds(Spoke, st.sampled_from(["lasku", "english", "", "99", "mitä?"])),
    st.builds(NotConnected, st.sampled_from(["busy", "no-answer", "failed"])),
    st.builds(Failed, st.just("broken")),
    st.builds(
        Recorded, st.just("RE1"), st.just("https://x.example/1"), st.integers(0, 300), st.sampled_from(What)
    ),
    st.builds(Heard, st.text(max_size=3), st.sampled_from(Speaker), st.integers(0, 20), st.booleans()),
)
STANDINGS = st.builds(
    Standing,
    st.booleans(),
    st.sampled_from(["", "billing"]),
    st.sampled_from(["", TARGET]),
    st.integers(1, 5),
)


@given(st.lists(st.tuples(EVENTS, STANDINGS), max_size=60), st.sampled_from(Way))
def test_whatever_comes_the_call_is_in_order(news: list[tuple[CallEvent, Standing]], way: Way) -> None:
    found, ends, plan = call(way=way), 0, call_flow()
    for place, (event, standing) in enumerate(news):
        before = found
        step = advance(found, event, plan, NOW + timedelta(seconds=place), standing)
        found = step.call
        if (before.state, type(event)) not in TABLE:
            assert step == Step(before)
        assert found.step == before.step + bool(step.commands)
        assert all(
            isinstance(one, (Say, Ask, Hold, TakeMessage, Connect, HangUp)) for one in step.commands[-1:]
        ) or (before.state is CallState.RINGING)
        assert before.state is not CallState.ENDED or (found.state is CallState.ENDED and not step.commands)
        ends += before.state is not CallState.ENDED and found.state is CallState.ENDED
        assert found.consented or not (found.recording or found.transcribing)
    assert ends <= 1
    assert Call.model_validate_json(found.json_text()) == found


@given(st.data())
def test_a_call_in_which_nobody_hangs_up_ends_all_the_same(data: st.DataObject) -> None:
    """Every step is ended by what can end it; those who talk may do so as long as they like."""
    found, now, plan = told([Rang(), Answered()])[0].call, NOW, call_flow()
    standing = data.draw(STANDINGS)
    for _ in range(600):
        if found.state in (CallState.ENDED, CallState.TALKING):
            return
        ends: dict[type[object], list[CallEvent]] = {
            Ask: [Silent(), Keyed("1"), Keyed("2"), Spoke("mitä?")],
            Connect: [NotConnected("busy"), NotConnected("no-answer"), Connected()],
        }
        event = data.draw(st.sampled_from(ends.get(type(found.pending[-1]), [Played()])))
        now += timedelta(seconds=8)
        found = advance(found, event, plan, now, standing).call
    raise AssertionError(f"it goes on for ever in {found.state}")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"consent": ""}, "consent"),
        ({"consent": {"fi": "Puhelu tallennetaan.", "en": " "}}, "consent"),
        ({"callback": {"words": ""}}, "callback.words"),
        (
            {"queue": {"choices": [{"digit": "4", "words": {"fi": ["riittää"]}, "next": "hang-up"}]}},
            "queue.choices[0].words",
        ),
        (
            {"menus": [{"id": "a", "prompt": {"fi": ""}, "choices": [{"digit": "1", "next": "queue"}]}]},
            "menus[0].prompt",
        ),
        ({"noAnswer": "queue"}, "noAnswer"),
        ({"closed": "somewhere"}, "closed"),
        ({"voicemail": None}, "noAnswer"),
        ({"callback": None}, "menus[1].choices[3].next"),
        (
            {"menus": [{"id": "queue", "prompt": "?", "choices": [{"digit": "1", "next": "queue"}]}]},
            "menus[0].id",
        ),
        (
            {"menus": [{"id": "a", "prompt": "?", "choices": [{"digit": "1", "next": "b"}]}]},
            "menus[0].choices[0].next",
        ),
        (
            {"menus": [{"id": "a", "prompt": "?", "choices": [{"digit": "1", "next": "queue"}] * 2}]},
            "menus[0].choices[1].digit",
        ),
    ],
)
def test_a_flow_that_leads_nowhere_is_refused(change: dict[str, Any], path: str) -> None:
    assert path in [problem.path for problem in flow_problems(call_flow(**change))]
    assert list(flow_problems(call_flow())) == []
