"""Commands as requests to Call Automation; what is heard of them comes later, by callbacks."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from functions.errors import Gone, NotDeliverable
from functions.ports import CallControl, Hearing, Question, Sound
from functions.voice.acs.news import CUSTOMER, Phase, context
from functions.voice.acs.sounds import RINGING, TONE
from functions.voice.acs.watch import Watch, Watched
from functions.voice.commands import (
    Answer,
    Ask,
    Command,
    Connect,
    HangUp,
    Hold,
    Option,
    Say,
    StartRecording,
    StartTranscription,
    TakeMessage,
)
from functions.voice.events import CallEvent, Failed, HungUp, NotConnected, What
from functions.voice.model import Call

SLACK = timedelta(minutes=1)  # over what a step should last
MUSIC = timedelta(minutes=10)
LETTERS = 8  # spoken in a second, by a slow voice
log = logging.getLogger("monikanava.voice")


@dataclass(frozen=True, slots=True)
class Requests:
    """Makes the requests of one call. Every method raises Unavailable."""

    control: CallControl
    watch: Watch
    watched: Watched
    hearing: Hearing
    call: Call
    connected: Callable[[str], Awaitable[None]]  # notes the provider's id of the call
    sounds: str  # the address under which ours are

    async def make(self, commands: Sequence[Command]) -> CallEvent | None:
        """Carry out a step; give what happened to the call when the provider would not."""
        watched = await self.watch.began(self.watched, self.call.step)
        for command in commands:
            if refused := await self._made(command):
                if isinstance(command, Connect):
                    await self.hush()
                return refused
        await self.watch.done(watched, sum((lasting(command) for command in commands), SLACK))
        return None

    async def go_on(self, command: Command, phase: Phase) -> CallEvent | None:
        """Make the next request of a step; as above."""
        try:
            match command, phase:
                case TakeMessage(), Phase.MESSAGE:
                    await self._take_message(command)
                case ((Ask() | Hold()), Phase.BARE):
                    await self._ask((), command.options, command.language, command.seconds, phase)
        except (Gone, NotDeliverable) as refused:
            return self._meant(command, refused)
        return None

    async def _made(self, command: Command) -> CallEvent | None:
        try:
            await self._make(command)
        except (Gone, NotDeliverable) as refused:
            return self._meant(command, refused)
        return None

    async def _make(self, command: Command) -> None:
        match command:
            case Say():
                await self._play(command.text, command.language, context(self.call.step))
            case TakeMessage():
                tone = Sound(file=f"{self.sounds}/{TONE}")
                await self.control.play(self.call.provider_call, [tone], context(self.call.step, Phase.TONE))
            case Ask() | Hold():
                await self._listen(command)
            case _:
                await self._act(command)

    async def _act(self, command: Command) -> None:
        """Make a request that is one in effect however often it is made."""
        call, name = self.call, context(self.call.step)
        match command:
            case Answer():
                key = self._key("answer")
                await self.connected(await self.control.answer(self.watched.incoming, self.hearing, key))
            case StartRecording():
                await self._record(What.TALK)
            case StartTranscription():
                if self.hearing.transcript:
                    await self.control.transcribe(call.provider_call, command.language, name)
            case Connect():
                await self._ring()
                way, key = (command.target, call.ours, command.seconds), self._key("connect")
                await self.control.add(call.provider_call, *way, name, key)
            case HangUp():
                await self.control.hang_up(call.provider_call, self._key("hang-up"))

    async def _ring(self) -> None:
        """Let the caller hear that an agent is rung; without it is no harm."""
        with suppress(NotDeliverable):
            ringing = Sound(file=f"{self.sounds}/{RINGING}")
            name = context(self.call.step, Phase.RINGING)
            await self.control.repeat(self.call.provider_call, self.watched.caller, ringing, name)

    async def hush(self) -> None:
        """End what the caller hears, at the end of a ring."""
        with suppress(Gone, NotDeliverable):
            await self.control.hush(self.call.provider_call)

    async def _listen(self, command: Ask | Hold) -> None:
        music = command.music if isinstance(command, Hold) else ""
        prompt = _sounds(command.text, command.language, music)
        await self._ask(prompt, command.options, command.language, 1 if music else command.seconds)

    async def _play(self, text: str, language: str, name: str) -> None:
        await self.control.play(self.call.provider_call, _sounds(text, language), name)

    async def _ask(
        self,
        prompt: Sequence[Sound],
        options: Sequence[Option],
        language: str,
        seconds: int,
        phase: Phase = Phase.ONLY,
    ) -> None:
        phrases = {option.digit: option.words for option in options}
        question = Question(prompt, language, seconds, phrases)
        name = context(self.call.step, phase)
        await self.control.ask(self.call.provider_call, self.watched.caller, question, name)

    async def _take_message(self, take: TakeMessage) -> None:
        """Record until a key is pressed, or the time is over; a talk's recording gives way to it."""
        await self.stop_recording()
        await self._record(What.VOICEMAIL)
        await self._ask((), (), take.language, take.seconds, Phase.MESSAGE)

    async def stop_recording(self) -> None:
        """End the call's recording, if there is one."""
        if recording := await self.watch.recording(self.call.account, self.call.id):
            await self.control.stop_recording(recording)

    async def _record(self, what: What) -> None:
        recording = await self.control.record(self.call.provider_call, self._key(what.value))
        await self.watch.recorded(self.call.account, self.call.id, recording, what)
        await self.watch.name(self.call.account, self.call.provider_call, self.call.id, what)

    def _key(self, action: str) -> str:
        return f"{self.call.id}/{self.call.step}/{action}"

    def _meant(self, command: Command, refused: Gone | NotDeliverable) -> CallEvent | None:
        log.warning("refused: call=%s command=%s code=%s", self.call.id, command.do, refused.code)
        if isinstance(refused, Gone):
            return None if isinstance(command, HangUp) else HungUp(CUSTOMER)
        match command:
            case Connect():
                return NotConnected(refused.code)
            case StartRecording() | StartTranscription() | HangUp():
                return None
        return Failed(refused.code)


def lasting(command: Command) -> timedelta:
    """Give how long a command may last, at most."""
    spoken = timedelta(seconds=len(getattr(command, "text", "")) / LETTERS)
    music = MUSIC if isinstance(command, Hold) and command.music else timedelta()
    return spoken + music + timedelta(seconds=getattr(command, "seconds", 0))


def _sounds(text: str, language: str, music: str = "") -> list[Sound]:
    said = [Sound(words=text, language=language)] if text else []
    return [*said, Sound(file=music)] if music else said
