"""Azure Communication Services Call Automation behind `functions.ports.CallControl`.

https://learn.microsoft.com/azure/communication-services/concepts/call-automation/call-automation. The SDK is
imported at the first use: only apps with such accounts pay for it. An action that the API can tell from its
repetition carries a name of its own (`Repeatability-Request-ID`); to play and to recognise have none.
"""

import asyncio
import re
import textwrap
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from azure.core.credentials import AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError

from functions.errors import Gone, MonikanavaError, NotDeliverable, Unavailable
from functions.ports import CallControl, CallResource, Hearing, Question, Sound
from functions.providers.acs import spelled

if TYPE_CHECKING:
    from azure.communication.callautomation import CommunicationIdentifier, TranscriptionOptions
    from azure.communication.callautomation.aio import CallAutomationClient

DEADLINE = 10.0  # seconds for one action, with the SDK's repetitions
PIPELINE: Mapping[str, Any] = {"retry_total": 2, "connection_timeout": 3, "read_timeout": 5}
LONGEST_RING = 180  # seconds: the API's own, as the next two
LONGEST_TEXT = 400  # characters
LONGEST_SILENCE = 20  # before somebody speaks; keys may come after 300
TONES = dict(zip("0123456789#*", (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "pound", "asterisk",
), strict=True))  # fmt: skip
GONE = frozenset({404, 410})
PASSING = frozenset({408, 429})  # and all from 500 on
TEAMS, PHONE = "teams:", "4:"


class CallAutomation:
    """`functions.ports.CallControl` for one resource; lives on one event loop."""

    def __init__(self, resource: CallResource) -> None:
        self._resource = resource
        self._opened: CallAutomationClient | None = None

    async def answer(self, incoming: str, hearing: Hearing, key: str) -> str:
        """Take an incoming call; give its id."""
        async with self._guarded() as client:
            made = await client.answer_call(
                incoming,
                hearing.callback,
                cognitive_services_endpoint=hearing.speech,
                transcription=_transcription(hearing),
                headers=_repeatable(key),
            )
        return made.call_connection_id or ""

    async def refuse(self, incoming: str, key: str) -> None:
        """Let an incoming call hear that we are busy."""
        async with self._guarded() as client:
            await client.reject_call(incoming, call_reject_reason="busy", headers=_repeatable(key))

    async def dial(self, target: str, ours: str, hearing: Hearing, key: str) -> str:
        """Call somebody from a number of ours; give the call's id."""
        from azure.communication.callautomation import PhoneNumberIdentifier  # noqa: PLC0415

        async with self._guarded() as client:
            made = await client.create_call(
                _identifier(target),
                hearing.callback,
                source_caller_id_number=PhoneNumberIdentifier(ours),
                cognitive_services_endpoint=hearing.speech,
                transcription=_transcription(hearing),
                headers=_repeatable(key),
            )
        return made.call_connection_id or ""

    async def play(self, call: str, sounds: Sequence[Sound], name: str) -> None:
        """Play sounds to all, one after the other."""
        async with self._guarded() as client:
            await client.get_call_connection(call).play_media(_sources(sounds), operation_context=name)

    async def repeat(self, call: str, listener: str, sound: Sound, name: str) -> None:
        """Play a sound to one of them, again and again until `hush`."""
        async with self._guarded() as client:
            await client.get_call_connection(call).play_media(
                _sources([sound]), play_to=[_identifier(listener)], loop=True, operation_context=name
            )

    async def hush(self, call: str) -> None:
        """End all that is played, and all listening; nothing is well."""
        async with self._guarded() as client:
            await client.get_call_connection(call).cancel_all_media_operations()

    async def ask(self, call: str, caller: str, question: Question, name: str) -> None:
        """Play a prompt, and listen to the caller."""
        async with self._guarded() as client:
            await client.get_call_connection(call).start_recognizing_media(
                target_participant=_identifier(caller),
                play_prompt=_sources(question.prompt) or None,
                interrupt_prompt=True,
                operation_context=name,
                **_awaited(question),
            )

    async def record(self, call: str, key: str) -> str:
        """Begin to record, as one mixed MP3; give the recording's id."""
        async with self._guarded() as client:
            made = await client.start_recording(
                call_connection_id=call,
                recording_content_type="audio",
                recording_channel_type="mixed",
                recording_format_type="mp3",
                headers=_repeatable(key),
            )
        return made.recording_id or ""

    async def stop_recording(self, recording: str) -> None:
        """End a recording; one that is over is well."""
        with suppress(Gone):
            async with self._guarded() as client:
                await client.stop_recording(recording)

    async def transcribe(self, call: str, language: str, name: str) -> None:
        """Begin to send the transcript to where `Hearing` told."""
        async with self._guarded() as client:
            await client.get_call_connection(call).start_transcription(
                locale=language, operation_context=name
            )

    async def add(self, call: str, target: str, ours: str, seconds: int, name: str, key: str) -> None:
        """Ring somebody, at most so long, and let them join."""
        from azure.communication.callautomation import PhoneNumberIdentifier  # noqa: PLC0415

        async with self._guarded() as client:
            await client.get_call_connection(call).add_participant(
                _identifier(target),
                invitation_timeout=min(seconds, LONGEST_RING),
                source_caller_id_number=PhoneNumberIdentifier(ours),
                operation_context=name,
                headers=_repeatable(key),
            )

    async def people(self, call: str) -> frozenset[str]:
        """List who is in a call."""
        async with self._guarded() as client:
            found = client.get_call_connection(call).list_participants()
            return frozenset([spelled(one.identifier.raw_id) async for one in found if one.identifier])

    async def hang_up(self, call: str, key: str) -> None:
        """End a call for everybody; one that is over is well."""
        with suppress(Gone):
            async with self._guarded() as client:
                await client.get_call_connection(call).hang_up(True, headers=_repeatable(key))

    async def stop(self) -> None:
        """Close our own sockets."""
        if self._opened:
            await self._opened.close()

    def _client(self) -> "CallAutomationClient":
        if self._opened is None:
            from azure.communication.callautomation.aio import CallAutomationClient  # noqa: PLC0415

            credential = _credential(self._resource)
            self._opened = CallAutomationClient(self._resource.endpoint, credential, **PIPELINE)
        return self._opened

    @asynccontextmanager
    async def _guarded(self) -> "AsyncIterator[CallAutomationClient]":
        try:
            async with asyncio.timeout(DEADLINE):
                yield self._client()
        except HttpResponseError as error:
            raise _explained(error) from None
        except (AzureError, TimeoutError) as error:
            raise Unavailable(f"Call Automation does not answer ({type(error).__name__})") from None


class Controls:
    """`functions.ports.Calling`: a client for each resource, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[CallResource, CallAutomation] = {}

    def __call__(self, resource: CallResource) -> CallControl:
        """Give the control of a resource's calls."""
        if resource not in self._made:
            self._made[resource] = CallAutomation(resource)
        return self._made[resource]

    async def stop(self) -> None:
        """Close their sockets."""
        for control in self._made.values():
            await control.stop()


def _identifier(target: str) -> "CommunicationIdentifier":
    from azure.communication.callautomation import (  # noqa: PLC0415
        CommunicationUserIdentifier,
        MicrosoftTeamsUserIdentifier,
        PhoneNumberIdentifier,
    )

    if target.startswith("+"):
        return PhoneNumberIdentifier(target)
    if target.startswith(PHONE):  # a caller who hides
        return PhoneNumberIdentifier(target.removeprefix(PHONE), raw_id=target)
    if target.startswith(TEAMS):
        return MicrosoftTeamsUserIdentifier(target.removeprefix(TEAMS))
    if target.startswith("8:acs:"):
        return CommunicationUserIdentifier(target)
    raise NotDeliverable("no-such-target", "Call Automation rings numbers and Teams users only")


def _sources(sounds: Sequence[Sound]) -> Any:
    from azure.communication.callautomation import FileSource, TextSource  # noqa: PLC0415

    made: list[Any] = []
    for sound in sounds:
        if sound.file:
            made.append(FileSource(sound.file))
        made += [
            TextSource(text=part, source_locale=sound.language, voice_kind="female")
            for part in _parts(sound.words)
        ]
    return made


def _parts(words: str) -> list[str]:
    """Cut a text into what is said at once, at the ends of sentences where that can be."""
    found: list[str] = []
    for sentence in re.split(r"(?<=[.!?]) ", words):
        for piece in textwrap.wrap(sentence, LONGEST_TEXT):
            if found and len(found[-1]) + 1 + len(piece) <= LONGEST_TEXT:
                found[-1] += f" {piece}"
            else:
                found.append(piece)
    return found


def _awaited(question: Question) -> dict[str, Any]:
    """Listen for phrases and keys at once; without phrases for one key, whichever it is."""
    from azure.communication.callautomation import RecognitionChoice  # noqa: PLC0415

    if not any(question.phrases.values()):
        keys = {"dtmf_max_tones_to_collect": 1, "dtmf_inter_tone_timeout": 2}
        return {"input_type": "dtmf", "initial_silence_timeout": question.seconds, **keys}
    choices = [
        # A choice must have a phrase: the key's own name is one that is hardly said.
        RecognitionChoice(label=key, phrases=list(phrases) or [TONES[key]], tone=TONES[key])
        for key, phrases in question.phrases.items()
    ]
    return {
        "input_type": "choices",
        "initial_silence_timeout": min(question.seconds, LONGEST_SILENCE),
        "choices": choices,
        "speech_language": question.language,
    }


def _transcription(hearing: Hearing) -> "TranscriptionOptions | None":
    from azure.communication.callautomation import TranscriptionOptions  # noqa: PLC0415

    if not hearing.transcript:
        return None
    return TranscriptionOptions(
        transport_url=hearing.transcript,
        transport_type="websocket",
        locale=hearing.language,
        start_transcription=False,
    )


def _repeatable(key: str) -> dict[str, str]:
    return {"Repeatability-Request-ID": str(uuid5(NAMESPACE_OID, key))}


def _credential(resource: CallResource) -> AzureKeyCredential | AsyncTokenCredential:
    if resource.key:
        return AzureKeyCredential(resource.key)
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415

    if resource.identity:
        return ManagedIdentityCredential(client_id=resource.identity)
    return DefaultAzureCredential()


def _explained(error: HttpResponseError) -> MonikanavaError:
    """Say what it means; the API's own sentence is left out, for it may quote a number."""
    status = error.status_code or 0
    if status in GONE:
        return Gone("there is no such call")
    if status in PASSING or status >= 500 or not status:
        return Unavailable(f"Call Automation answers {status}")
    code = getattr(error.error, "code", None) or str(status)
    return NotDeliverable(str(code)[:64], f"Call Automation refuses it (HTTP {status})")
