"""Where a mistake of ours happened, without its words: an exception's text may quote a customer's message."""

import traceback
from pathlib import Path

FRAMES = 6


def trace(error: BaseException) -> str:
    """Give the error's type and the innermost places of its way, such as `KeyError at sms.py:12 parse`."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return f"{type(error).__name__} at {' > '.join(places)}"
