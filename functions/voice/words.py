"""The words for calls that are kept, and shown by the API."""

from enum import StrEnum


class CallState(StrEnum):
    """Where a call is."""

    RINGING = "ringing"
    GREETING = "greeting"
    CONSENT = "consent"
    MENU = "menu"
    QUEUED = "queued"
    CONNECTING = "connecting"  # an agent is rung
    TALKING = "talking"
    INVITED = "invited"  # to leave a message
    VOICEMAIL = "voicemail"  # after the tone
    CALLBACK = "callback"  # it is being promised
    FAREWELL = "farewell"  # the last words before we hang up
    ENDED = "ended"


class Way(StrEnum):
    """Who began it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class What(StrEnum):
    """What a recording is of."""

    TALK = "talk"
    VOICEMAIL = "voicemail"


class Speaker(StrEnum):
    """Who says a line of the transcript."""

    CUSTOMER = "customer"
    AGENT = "agent"
