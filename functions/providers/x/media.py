"""Media of direct messages: pictures lie where only who signs as one of the two may read, videos on X's CDN.

Follows https://developer.x.com/en/docs/direct-messages/message-attachments/guides/retrieving-media: the GET
of a picture is signed with the user's tokens (OAuth 1.0a). The newer shape of an event has keys of media
only, and no address: those stay in its fragment.
"""

from datetime import datetime

from functions.channels.contract import Call
from functions.message import digest
from functions.providers.x import oauth1

HOSTS = ("ton.twitter.com", "video.twimg.com", "pbs.twimg.com")

_SIGNED = "https://ton.twitter.com/"


def call(base: str, reference: str, keys: oauth1.Keys, now: datetime) -> Call | None:
    """Build the GET of a medium. A signature is good for this one address, and goes to no other host."""
    if reference.startswith((_SIGNED, f"{base}/")):
        nonce = digest(reference, now.isoformat())
        headers = {"Authorization": oauth1.authorization("GET", reference, keys, now, nonce)}
        return Call(reference, headers, method="GET")
    return Call(reference, method="GET") if reference.startswith("https://") else None
