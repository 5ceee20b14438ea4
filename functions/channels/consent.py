"""The words by which a customer stops or restarts text messages, where the provider only passes them on.

Follows the carriers' list: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out.
"""

from functions.message import Kind

# YES also opts in at some carriers, but people say it to an agent's question.
_KEYWORDS = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), Kind.OPT_OUT
    ),
    **dict.fromkeys(("START", "UNSTOP"), Kind.OPT_IN),
}


def consent(text: str) -> Kind:
    """Give OPT_OUT or OPT_IN for a text that is nothing but such a word, else MESSAGE."""
    return _KEYWORDS.get(text.strip().upper(), Kind.MESSAGE)
