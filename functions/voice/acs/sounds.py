"""The sounds that Call Automation does not make by itself: the tone before a message, and a phone that rings.

It fetches them from us, below an account's address: WAV, mono, 16 bits, 16,000 samples a second, as
https://learn.microsoft.com/azure/communication-services/concepts/call-automation/play-action wants them.
"""

import io
import math
import wave
from array import array
from functools import cache
from sys import byteorder

from functions.channels.contract import Response

TONE, RINGING = "sounds/tone.wav", "sounds/ringing.wav"  # below the account's address
RATE = 16_000  # samples a second
LOUD = 6_000  # of 32,767
FADE = RATE // 200  # samples; without, a tone clicks at its ends
# Hertz, and seconds of sound and of silence after it; what rings is played again and again.
MADE = {TONE: (1_000, 0.4, 0.1), RINGING: (425, 1.0, 4.0)}


def sound(name: str) -> Response | None:
    """Give a sound; None where there is none of this name."""
    if name not in MADE:
        return None
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(200, wav(name), "audio/wav", headers)


@cache
def wav(name: str) -> bytes:
    """Make a file."""
    hertz, sounding, silent = MADE[name]
    length = int(RATE * sounding)
    samples = array("h", (_sample(hertz, place, length) for place in range(length)))
    samples.extend([0] * int(RATE * silent))
    if byteorder == "big":
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(samples.tobytes())
    return file.getvalue()


def _sample(hertz: int, place: int, length: int) -> int:
    fade = min(1.0, place / FADE, (length - place) / FADE)
    return round(LOUD * fade * math.sin(2 * math.pi * hertz * place / RATE))
