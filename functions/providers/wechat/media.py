"""Media of WeChat's customers: `wechat-media:ID` names one, and WeChat keeps it for three days.

Follows https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/Get_temporary_materials.html: the
answer is the medium, or JSON with the address of a video, or with an error, all with HTTP 200. A video whose
address is plain http stays a reference.
"""

import re
from urllib.parse import urlencode

from functions.channels.contract import Answer, Call, Outcome, Refused
from functions.providers.payload import read_answer, text

REFERENCE = "wechat-media:"
HOSTS = ("qq.com",)  # Tencent's, where videos lie

_ID = re.compile(r"[0-9A-Za-z_-]{1,256}")


def call(base: str, reference: str) -> Call | None:
    """Build the GET of a medium, to be authorised; None when the reference is not WeChat's."""
    name = reference.removeprefix(REFERENCE)
    if name == reference or not _ID.fullmatch(name):
        return None
    return Call(f"{base}/cgi-bin/media/get?{urlencode({'media_id': name})}", method="GET", tokened=True)


def place(answer: Answer, outcome: Outcome) -> Call | Refused | None:
    """Tell what an answer is, which as a message's would be `outcome`: None when it is the medium itself."""
    if isinstance(outcome, Refused):
        return outcome
    video = text(read_answer(answer.body), "video_url")
    return Call(video, method="GET") if video else None
