"""Twilio's library as an oracle of TwiML: a document is built again with it, verb by verb.

The library takes any attribute; so each must be a parameter that its method names.
"""

import inspect
import re
from typing import Any
from xml.etree.ElementTree import Element, canonicalize, fromstring

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]

# The noun's parameter, where a verb holds text.
TEXTS = {"Say": "message", "Redirect": "url", "Play": "url", "Number": "phone_number", "Sip": "sip_url"}
LISTS = {"statusCallbackEvent", "recordingStatusCallbackEvent", "input"}


def rebuilt(document: str) -> str:
    """Build it again, in canonical form; raises AssertionError for what the library does not know."""
    response = VoiceResponse()
    _add(response, list(fromstring(document)))
    return str(canonicalize(str(response)))


def canonical(document: str) -> str:
    """Give a document in canonical form."""
    return str(canonicalize(document))


def _add(parent: Any, verbs: list[Element]) -> None:
    for verb in verbs:
        method = getattr(parent, _snake(verb.tag))
        known = set(inspect.signature(method).parameters) - {"kwargs"}
        given: dict[str, Any] = {_snake(name): value for name, value in verb.attrib.items()}
        assert set(given) <= known, (verb.tag, set(given) - known)
        if verb.text:
            given[TEXTS[verb.tag]] = verb.text
        _add(method(**given), list(verb))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
