"""What WeChat's error codes mean for a call: they come with HTTP 200.

Follows https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html. WeChat's own
sentence is left out: it may quote the message.
"""

from functions.channels.contract import Refused

OK = "0"

_PASSING = frozenset({"-1", "45011"})
_STALE = frozenset({"40001", "40014", "41001", "42001"})
_REASONS = {
    "-1": "WeChat is busy: it is tried again later",
    "40001": "WeChat does not accept the access token or the AppSecret",
    "40003": "WeChat does not know this customer",
    "40007": "WeChat does not know the medium: it may have expired",
    "40013": "WeChat does not know the AppID",
    "40014": "WeChat does not accept the access token",
    "40125": "WeChat does not accept the AppSecret",
    "40164": "our address is not on the official account's IP allow-list",
    "42001": "the access token has expired",
    "45002": "the text is too long",
    "45009": "the official account has used up its calls of the day",
    "45011": "WeChat asks to call more slowly",
    "45015": "the reply window is closed: the customer must write first",
    "45047": "too many messages since the customer's last: the customer must write first",
    "48001": "the official account may not use this interface",
}


def refused(code: str) -> Refused:
    """Explain a code other than OK."""
    reason = _REASONS.get(code, f"WeChat refused it with error {code}")
    return Refused(code, reason, code in _PASSING, stale_token=code in _STALE)
