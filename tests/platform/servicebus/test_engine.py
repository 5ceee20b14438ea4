"""The engine alone, on a real file, with a clock that the test moves."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.servicebus.model import Lock, Outcome, Refused, Verdict
from tests.platform.servicebus.bench import (
    ABANDON,
    MINUTE,
    Bench,
    Hands,
    Seeker,
    finish,
    receive,
    sessions,
    text,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "bus.db")
    yield made
    made.store.close()


def test_a_lock_ends_and_counts(bench: Bench) -> None:
    bench.send("plain", text("a"))
    first = receive(bench, "plain", room=1)
    bench.pass_time(MINUTE - 1)
    second = receive(bench, "plain", room=1)
    assert second.texts == []
    bench.pass_time(1)
    assert second.texts == ["a"]
    assert second.got[0][0].deliveries == 1
    with pytest.raises(Refused, match="message-lock-lost"):
        finish(bench, "plain", first.last_lock())
    finish(bench, "plain", second.last_lock())
    assert len(bench.engine.find("plain")) == 0


def test_a_renewed_lock_lasts_from_then(bench: Bench) -> None:
    bench.send("plain", text("a"))
    lock = receive(bench, "plain").last_lock()
    bench.pass_time(MINUTE - 1)
    assert bench.engine.find("plain").renew([lock.token]) == [bench.time + MINUTE]
    bench.pass_time(MINUTE - 1)
    finish(bench, "plain", lock)


def test_poison_is_buried_at_the_limit(bench: Bench) -> None:
    bench.send("plain", text("a"))
    for _ in range(3):
        finish(bench, "plain", receive(bench, "plain", room=1).last_lock(), ABANDON)
    assert receive(bench, "plain").texts == []
    [(message, _, _)] = receive(bench, "plain/$DeadLetterQueue").got
    assert message.extra["DeadLetterReason"] == "MaxDeliveryCountExceeded"
    assert (message.deliveries, message.source) == (3, "plain")


def test_a_message_dies_when_its_time_is_over(bench: Bench) -> None:
    bench.send("mortal", text("short", ttl=1000), text("long"), text("longest", ttl=100 * MINUTE))
    bench.pass_time(999)
    assert len(bench.engine.find("mortal")) == 3
    bench.pass_time(1)
    assert receive(bench, "mortal/$deadletterqueue").texts == ["short"]
    bench.pass_time(5 * MINUTE)
    assert len(bench.engine.find("mortal")) == 0


def test_a_locked_message_outlives_its_time_until_it_is_given_back(bench: Bench) -> None:
    bench.send("mortal", text("kept", ttl=1000), text("lost", ttl=1000))
    hands = receive(bench, "mortal")
    bench.pass_time(2000)
    kept, lost = (lock for _, _, lock in hands.got if lock)
    finish(bench, "mortal", kept)
    finish(bench, "mortal", lost, Verdict(Outcome.RELEASE))
    assert receive(bench, "mortal/$deadletterqueue").texts == ["lost"]
    assert len(bench.engine.find("mortal")) == 0


def test_an_id_is_a_duplicate_within_the_window(bench: Bench) -> None:
    bench.send("once", text("a", message_id="1"))
    bench.pass_time(10 * MINUTE - 1)
    assert bench.send("once", text("b", message_id="1"), text("c", message_id="2")) != []
    bench.reopen()
    assert bench.send("once", text("d", message_id="1")) == []
    bench.pass_time(1)
    bench.send("once", text("e", message_id="1"))
    assert receive(bench, "once").texts == ["a", "c", "e"]


def test_a_scheduled_message_joins_the_end_when_its_time_comes(bench: Bench) -> None:
    [seq] = bench.send("plain", text("later", due_at=bench.time + 1000))
    bench.reopen()
    bench.send("plain", text("now"))
    hands = receive(bench, "plain")
    bench.pass_time(999)
    assert hands.texts == ["now"]
    bench.pass_time(1)
    assert hands.texts == ["now", "later"]
    assert hands.got[1][0].seq > hands.got[0][0].seq > seq


def test_a_cancelled_message_never_comes(bench: Bench) -> None:
    queue = bench.engine.find("plain")
    seqs = bench.send("plain", text("later", due_at=bench.time + MINUTE))
    queue.cancel(seqs, lambda: None)
    bench.settle()
    bench.pass_time(2 * MINUTE)
    assert receive(bench, "plain").texts == []
    with pytest.raises(Refused, match="not-found"):
        queue.cancel(seqs, lambda: None)


def test_everything_but_locks_outlives_a_restart(bench: Bench) -> None:
    bench.send("plain", text("locked"), text("abandoned"), text("deferred"), text("done"))
    hands = receive(bench, "plain")
    for (_, _, lock), outcome in zip(
        hands.got[1:], (Outcome.ABANDON, Outcome.DEFER, Outcome.COMPLETE), strict=True
    ):
        assert lock
        hands.room = 0
        finish(bench, "plain", lock, Verdict(outcome))
    bench.reopen()
    again = receive(bench, "plain")
    assert again.texts == ["locked", "abandoned"]
    assert [message.deliveries for message, _, _ in again.got] == [0, 1]
    [(_, payload, lock)] = bench.engine.find("plain").fetch([hands.got[2][0].seq], keep=False)
    assert payload == b"deferred"
    assert bench.send("plain", text("new"))[0] > hands.got[-1][0].seq


def test_what_was_not_committed_was_not_handed_out(bench: Bench) -> None:
    hands = receive(bench, "plain")
    bench.engine.find("plain").send([text("a")], lambda: None)
    assert hands.texts == []
    bench.settle()
    assert hands.texts == ["a"]


def test_receive_and_delete_hands_out_after_the_delete(bench: Bench) -> None:
    bench.send("plain", text("a"), text("b"))
    hands = Hands(room=1, keeps=True)
    bench.engine.find("plain").want(hands)
    assert hands.texts == []
    bench.settle()
    assert hands.texts == ["a"]
    bench.reopen()
    assert receive(bench, "plain").texts == ["b"]


def test_receivers_take_turns(bench: Bench) -> None:
    one, two = receive(bench, "plain"), receive(bench, "plain", room=2)
    bench.send("plain", *(text(str(number)) for number in range(8)))
    assert (one.texts, two.texts) == (list("024567"), list("13"))


def test_an_expired_session_lock_counts_and_gives_back_in_order(bench: Bench) -> None:
    bench.send("sessions", *(text(str(number), session="s") for number in range(3)))
    queue, first, second = sessions(bench), Seeker(), Seeker()
    hands = Hands(room=2)
    queue.accept("s", first).want(hands)
    assert hands.texts == ["0", "1"]
    queue.accept_next(second, 10 * MINUTE)
    assert second.hold is None
    bench.pass_time(MINUTE)
    assert first.is_lost
    assert second.hold is not None
    again = Hands()
    second.hold.want(again)
    assert again.texts == ["0", "1", "2"]
    assert [message.deliveries for message, _, _ in again.got] == [1, 1, 0]
    with pytest.raises(Refused, match="session-lock-lost"):
        finish(bench, "sessions", hands.last_lock())
    with pytest.raises(Refused, match="session-lock-lost"):
        queue.renew_session("s", first.owner)


def test_a_session_is_waited_for_until_patience_ends(bench: Bench) -> None:
    queue, patient, hasty = sessions(bench), Seeker(), Seeker()
    queue.accept_next(hasty, 1000)
    queue.accept_next(patient, MINUTE)
    bench.pass_time(1000)
    assert hasty.why is not None
    assert hasty.why.condition == "com.microsoft:timeout"
    bench.send("sessions", text("a", session="x"))
    assert patient.hold is not None
    assert patient.hold.session == "x"


def test_a_session_queue_frees_what_it_no_longer_needs(bench: Bench) -> None:
    queue = sessions(bench)
    for number in range(20):
        bench.send("sessions", text("a", session=f"{number}"))
        seeker, hands = Seeker(), Hands()
        queue.accept_next(seeker, MINUTE)
        assert seeker.hold
        seeker.hold.want(hands)
        finish(bench, "sessions", hands.last_lock())
        seeker.hold.leave(hands)
    assert (len(queue), len(queue._lanes), len(queue._holds), len(queue._free)) == (0, 0, 0, 0)


def test_a_message_without_a_session_is_refused_and_nothing_is_kept(bench: Bench) -> None:
    with pytest.raises(Refused, match="session id"):
        sessions(bench).send([text("a", session="s"), text("b")], lambda: None)
    assert bench.store.take() is None


def test_an_unknown_lock_or_queue_is_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match="not-found"):
        bench.engine.find("nowhere")
    with pytest.raises(Refused, match="lock-lost"):
        finish(bench, "PLAIN", Lock(uuid.uuid4(), None, 0))  # type: ignore[arg-type]


def test_cancelled_timers_are_swept(bench: Bench) -> None:
    for number in range(5000):
        bench.engine.timers.at(bench.time + 10**9 + number, lambda: None).cancel()
    assert len(bench.engine.timers) < 2100
