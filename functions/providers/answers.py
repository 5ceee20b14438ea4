"""What any provider's HTTP answer says when its body says nothing better."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from functions.channels.contract import Answer, Refused, Unsure

# A gateway in between, or a slow request: the provider itself may have taken the message.
AMBIGUOUS = frozenset({408, 502, 504})

UNNAMED = Unsure("the provider took the request but named no message: look there before sending again")


def by_status(provider: str, answer: Answer) -> Refused | Unsure:
    """Judge by the HTTP status alone: 429, 500 and 503 may be repeated, an ambiguous one must not."""
    status = answer.status
    if status in AMBIGUOUS:
        return Unsure(f"{provider} answered {status}: the message may have been sent, look there first")
    retryable = status == 429 or status >= 500
    said = f"{provider} answered HTTP {status}"
    return Refused(str(status), said, retryable, retry_after(answer) if retryable else None)


def retry_after(answer: Answer) -> float | None:
    """Read Retry-After, seconds or a date, as seconds from now; None when absent or unreadable."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
