"""The sounds that Call Automation fetches from us: real files of the form that it plays."""

import io
import struct
import wave
from itertools import pairwise

import pytest

from functions.voice.acs.sounds import RINGING, TONE
from tests.voice.kit import Calling


@pytest.mark.parametrize(("name", "hertz", "seconds"), [(TONE, 1_000, 0.5), (RINGING, 425, 5.0)])
async def test_a_sound_is_what_the_service_plays(
    calling: Calling, name: str, hertz: int, seconds: float
) -> None:
    async with calling.http.get(f"{calling.url}/api/channels/voice/acs-line/{name}") as answer:
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        body = await answer.read()
    with wave.open(io.BytesIO(body)) as file:
        assert file.getparams()[:4] == (1, 2, 16_000, 16_000 * seconds)
        samples = struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))
    begun = samples[: 16_000 // 10]
    crossings = sum((one < 0) != (other < 0) for one, other in pairwise(begun))
    assert crossings == pytest.approx(2 * hertz / 10, abs=3)
    assert max(samples) < 2**15 / 2
    assert not any(samples[-16_000 // 20 :])  # silence at its end


@pytest.mark.parametrize("rest", ["sounds/other.wav", "sounds/", "sounds/../calls", "calls/x/tone.wav"])
async def test_nothing_else_is_given_to_everybody(calling: Calling, rest: str) -> None:
    async with calling.http.get(f"{calling.url}/api/channels/voice/acs-line/{rest}") as answer:
        assert answer.status in (401, 404)
