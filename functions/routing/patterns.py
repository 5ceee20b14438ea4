"""Regular expressions that nobody can hang: RE2, whose time grows with the text and not with its content.

Syntax: https://github.com/google/re2/wiki/Syntax. It has no look-around and no back-references.
"""

from functools import lru_cache

import re2  # type: ignore[import-untyped]

from functions.errors import Invalid

LONGEST = 1_000  # characters of a pattern
LARGEST = 20_000  # instructions of its program


class Pattern:
    """A compiled pattern; upper and lower case are the same, and it may match anywhere in the text."""

    def __init__(self, text: str) -> None:
        if not text or len(text) > LONGEST:
            raise Invalid(f"a pattern has 1 to {LONGEST} characters")
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        try:
            # As bytes, so that a search does not count characters.
            self._compiled = re2.compile(text.encode(), options)
        except (re2.error, UnicodeEncodeError) as error:
            raise Invalid(f"the pattern cannot be read: {_said(error)}") from None
        if self._compiled.programsize > LARGEST:
            raise Invalid("the pattern is too large: its counted repetitions multiply")

    def found(self, text: bytes) -> bool:
        """Tell whether it matches somewhere in UTF-8 text."""
        return self._compiled.search(text) is not None


@lru_cache(maxsize=20_000)
def pattern(text: str) -> Pattern:
    """Compile a pattern once; raises Invalid."""
    return Pattern(text)


def _said(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
