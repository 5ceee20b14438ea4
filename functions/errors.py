"""Every way Monikanava says no, each with the HTTP status and the short code that callers see.

MonikanavaError            500 error
├─ Invalid                 400 invalid
├─ NotAuthentic            401 not-authentic
├─ Forbidden               403 forbidden
├─ NotFound                404 not-found
├─ Conflict                409 conflict
│  ├─ AlreadyExists            a row with this key is there (names which operation)
│  └─ Stale                    the row changed since it was read
├─ Gone                    410 gone
├─ TooLarge                413 too-large
├─ NotDeliverable          422 (its own code)
├─ TooMany                 429 too-many (with Retry-After)
├─ NotGranted              502 (its own code)
└─ Unavailable             503 unavailable (with Retry-After)
"""

from typing import ClassVar


class MonikanavaError(Exception):
    """The root: `reason` is one plain sentence that is safe to show to a caller."""

    status: ClassVar[int] = 500
    code: str = "error"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Invalid(MonikanavaError):
    """What was sent cannot be understood; sending it again will not help."""

    status, code = 400, "invalid"


class NotAuthentic(MonikanavaError):
    """The sender is not who it must be: a signature, token or secret is missing or wrong."""

    status, code = 401, "not-authentic"


class Forbidden(MonikanavaError):
    """The caller is known but may not do this."""

    status, code = 403, "forbidden"


class NotFound(MonikanavaError):
    """No such account, conversation, record or route."""

    status, code = 404, "not-found"


class Conflict(MonikanavaError):
    """The request does not fit the present state."""

    status, code = 409, "conflict"


class AlreadyExists(Conflict):
    """A row of this key exists; `index` is the operation's place in the transaction."""

    code = "already-exists"

    def __init__(self, index: int = 0) -> None:
        super().__init__("already there")
        self.index = index


class Stale(Conflict):
    """The row changed, or went, since it was read: read it again."""

    code = "stale"


class Gone(MonikanavaError):
    """The provider, or the thing, was here once and will not return."""

    status, code = 410, "gone"


class TooLarge(MonikanavaError):
    """The body is over the limit of its channel or route."""

    status, code = 413, "too-large"


class NotDeliverable(MonikanavaError):
    """An agent's message that can never be sent as it is; `code` names the rule it breaks."""

    status = 422

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class TooMany(MonikanavaError):
    """The caller has asked for as much as one may; `retry_after` is in seconds."""

    status, code = 429, "too-many"

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class NotGranted(MonikanavaError):
    """Entra ID gives an application of ours no token: its registration or credential is not right."""

    status = 502

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Unavailable(MonikanavaError):
    """Something of ours that is needed does not answer; `retry_after` is in seconds."""

    status, code = 503, "unavailable"

    def __init__(self, reason: str, retry_after: int = 5) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
