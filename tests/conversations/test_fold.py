"""Properties of the pure parts: whatever comes in whatever order."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.conversations.fold import fold, needs_opening
from functions.conversations.model import (
    AutoClose,
    Conversation,
    Customer,
    Direction,
    State,
    StoredMessage,
)
from functions.conversations.progress import PENDING, all_taken, noted, part_taken
from functions.conversations.states import LIVE, PERSISTENT, TRANSITIONS, idled, left, moved, times
from functions.conversations.thread import Thread
from functions.errors import Conflict
from functions.message import Delivery, Inbound, Kind
from tests.conversations.kit import NOON, auto_close, inbound, opening, receipt

MESSAGES = [inbound(f"m{n}", received_at=NOON + timedelta(seconds=n)) for n in range(4)]
ECHO = inbound("e1", Kind.ECHO, text="from elsewhere")
RECEIPTS = [receipt(f"r{state}", state, "e1") for state in (Delivery.SENT, Delivery.DELIVERED, Delivery.READ)]
CHANGES = [
    inbound("x1", Kind.EDIT, target="m1", text="better", received_at=NOON + timedelta(minutes=1)),
    inbound("x2", Kind.REACTION, target="m2", text="👍"),
    inbound("x3", Kind.DELETE, target="m3", received_at=NOON + timedelta(minutes=1)),
    inbound("x4", Kind.JOINED),
    inbound("x5", Kind.LEFT),
    inbound("x6", Kind.TYPING),
    inbound("x7", Kind.OPT_OUT, text="STOP"),
]
KEY = MESSAGES[0].session
ANY = st.sampled_from([*MESSAGES, ECHO, *RECEIPTS, *CHANGES])
REPORTED = st.sampled_from([Delivery.SENT, Delivery.FAILED, Delivery.DELIVERED, Delivery.READ])


def folded(items: Sequence[Inbound], thread: Thread | None = None) -> Thread:
    thread = thread or Thread(KEY)
    for item in items:
        thread = fold(thread, item, opening() if needs_opening(thread, item) else None, auto_close)
    return thread


def head(state: State = State.OPEN, channel: str = "sms") -> Conversation:
    return Conversation(
        id=f"{KEY}-000001",
        channel=channel,
        provider="twilio",
        account="main",
        thread="t",
        customer=Customer(id="c"),
        workstream="care",
        agent_queue="agents",
        state=state,
        created_at=NOON,
        last_activity_at=NOON,
    )


def outbound() -> StoredMessage:
    return StoredMessage(
        id=f"{KEY}-000001-00000001",
        conversation=f"{KEY}-000001",
        direction=Direction.OUTBOUND,
        kind=Kind.MESSAGE,
        received_at=NOON,
        sequence=1,
        delivery=Delivery.QUEUED,
    )


@given(st.lists(ANY, max_size=20))
def test_sequences_are_dense_whatever_comes(items: list[Inbound]) -> None:
    thread = folded(items)
    for number, conversation in thread.heads.items():
        mine = [m for m in thread.messages.values() if m.conversation == conversation.id]
        assert [m.sequence for m in mine] == list(range(1, conversation.messages + 1))
        assert number == 1
    said = {item.id for item in items if item.kind is Kind.MESSAGE}
    assert said <= set(thread.taken)


@given(st.lists(ANY, max_size=12), st.data())
def test_duplicates_change_nothing_wherever_they_come(items: list[Inbound], data: st.DataObject) -> None:
    unique = list({item.id: item for item in items}.values())
    noisy = list(unique)
    for item in items:
        after = noisy.index(item) + 1
        noisy.insert(data.draw(st.integers(after, len(noisy))), item)
    assert folded(noisy) == folded(unique)


@given(st.permutations([*MESSAGES[:2], ECHO, *RECEIPTS]))
def test_receipts_come_to_the_same_in_any_order(items: list[Inbound]) -> None:
    [echo] = [m for m in folded(items).messages.values() if m.direction is Direction.OUTBOUND]
    assert echo.delivery is Delivery.READ


@given(st.lists(ANY, max_size=12), st.integers(0, 12))
def test_it_does_not_matter_how_items_are_batched(items: list[Inbound], cut: int) -> None:
    assert folded(items[cut:], folded(items[:cut])) == folded(items)


@given(st.lists(ANY, max_size=12))
def test_a_closed_conversation_never_changes_its_state(items: list[Inbound]) -> None:
    first = moved(head(), State.CLOSED, at=NOON)
    thread = folded(items, Thread(KEY, heads={1: first}))
    closed = thread.heads[1]
    assert (closed.state, closed.state_reason, closed.closed_at) == (
        State.CLOSED,
        first.state_reason,
        NOON,
    )
    speaks = any(item.kind in (Kind.MESSAGE, Kind.EDIT) for item in items)
    assert (2 in thread.heads) == speaks


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a", PENDING]), REPORTED), max_size=12), st.booleans())
def test_delivery_never_falls(reports: list[tuple[str, Delivery]], taken: bool) -> None:
    message = all_taken(outbound(), ["a", "b"]) if taken else part_taken(outbound(), "a")
    for part, state in reports:
        after = noted(message, part, state, code="c", reason="r")
        assert message.delivery
        assert after.delivery
        assert after.delivery.rank >= message.delivery.rank
        assert bool(after.delivery_reason) == (after.delivery is Delivery.FAILED)
        message = after


@given(st.lists(REPORTED, min_size=1, max_size=8))
def test_a_message_of_one_call_is_as_far_as_its_furthest_report(states: list[Delivery]) -> None:
    message = all_taken(outbound(), ["a"])
    for state in states:
        message = noted(message, "a", state)
    assert message.delivery is max([Delivery.SENT, *states], key=lambda state: state.rank)


@given(st.permutations(["sent", "delivered", "read"]))
def test_the_answer_may_come_after_the_receipts(order: list[str]) -> None:
    message = outbound()
    for what in order:
        message = all_taken(message, ["a"]) if what == "sent" else noted(message, "a", Delivery(what))
    assert message.delivery is Delivery.READ


@pytest.mark.parametrize("channel", ["sms", "chat", "voice"])
@pytest.mark.parametrize("to", State)
@pytest.mark.parametrize("state", State)
def test_only_the_tables_transitions_are_allowed(state: State, to: State, channel: str) -> None:
    legal = (state, to) in TRANSITIONS and not (to is State.WAITING and channel in LIVE)
    if legal:
        after = moved(head(state, channel), to, at=NOON, agent="liisa")
        assert (after.state, after.state_reason) == (to, TRANSITIONS[state, to])
        assert after.agent == ("liisa" if to is State.ACTIVE else "")
    else:
        with pytest.raises(Conflict, match=f"from {state} to {to}"):
            moved(head(state, channel), to, at=NOON)


def test_no_way_leads_out_of_closed_and_every_state_can_be_left() -> None:
    sources = {state for state, _ in TRANSITIONS}
    assert sources == set(State) - {State.CLOSED}


@given(st.sampled_from(State), st.sampled_from(["sms", "chat", "voice", "records"]), st.integers(0, 10**7))
def test_the_timer_acts_exactly_when_the_time_is_over(state: State, channel: str, seconds: int) -> None:
    rest = times(channel, AutoClose()).of(state)
    before = head(state, channel).model_copy(
        update={"close_after": NOON + rest if rest is not None else None}
    )
    after = idled(before, NOON + timedelta(seconds=seconds))
    assert (after != before) == (rest is not None and seconds >= rest.total_seconds())
    if after != before:
        assert after.state is (State.WRAP_UP if (channel, state) == ("voice", State.ACTIVE) else State.CLOSED)


def test_a_workstreams_times_win_over_the_channels() -> None:
    configured = AutoClose.model_validate({"open": "PT5M"})
    chat = times("chat", configured)
    assert (chat.open, chat.active, chat.wrap_up) == (timedelta(minutes=5), None, timedelta(minutes=15))
    assert times("sms", configured).active == timedelta(days=30)
    assert times("records", AutoClose()).of(State.OPEN) is None


def test_a_persistent_chat_rests_like_any_channel() -> None:
    context = {PERSISTENT: "true"}
    assert times("chat", AutoClose(), context) == AutoClose()
    chat = head(State.ACTIVE, "chat")
    with pytest.raises(Conflict):
        moved(chat, State.WAITING, at=NOON)
    lasting = chat.model_copy(update={"context": context})
    assert moved(lasting, State.WAITING, at=NOON).state is State.WAITING
    assert (left(chat, NOON).state, left(lasting, NOON).state) == (State.WRAP_UP, State.ACTIVE)


def test_a_message_in_wrap_up_is_kept_and_does_not_change_the_state() -> None:
    thread = folded([MESSAGES[0]], Thread(KEY, heads={1: head(State.WRAP_UP)}))
    assert thread.head
    assert (thread.head.state, thread.head.messages) == (State.WRAP_UP, 1)
    assert thread.head.last_inbound_at == MESSAGES[0].received_at


def test_an_older_edit_does_not_undo_a_later_one_nor_a_deletion() -> None:
    old = inbound("x9", Kind.EDIT, target="m1", text="older", received_at=NOON + timedelta(seconds=30))
    for later in (CHANGES[0], CHANGES[2].model_copy(update={"target": "m1"})):
        thread = folded([MESSAGES[1], later])
        assert folded([old], thread).messages == thread.messages
