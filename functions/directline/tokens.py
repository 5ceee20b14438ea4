"""Tokens that confine their bearer to one conversation and one user of one account, and end.

A token lives for half an hour and is renewed by its bearer; however often, its renewals end a day after the
first one, in a persistent chat a week: a token that was stolen is no key for good. Who is signed in, or whom
the backend names, is then given another first one.

JWTs of ours, HS256 and nothing else (RFC 8725). The account's first key signs, all of them verify; the
header names which, so that a key can be changed while tokens made with the former one still live.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from pydantic import SecretStr

from functions.channels.chat import ChatSettings
from functions.channels.contract import Account
from functions.errors import Forbidden, NotAuthentic

LIFETIME = timedelta(minutes=30)
LONGEST: Mapping[bool, timedelta] = {False: timedelta(days=1), True: timedelta(days=7)}  # by `persistent`
FILE_LIFETIME = timedelta(hours=8)  # of a link to an attachment: a page may stay open for a working day
LIMIT = 4096  # characters
TALK, FILE = "talk", "file"
ALGORITHM = "HS256"


class Expired(Forbidden):
    """The token was a good one; 403 is what tells a client that."""

    code = "TokenExpired"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: `user` speaks and reads in `conversation`, in a browser only from `origins`.

    No origins: those of the account. `began` is when the conversation did, for the greeting; `since` is when
    somebody, and not a former token, stood for the bearer.
    """

    conversation: str
    user: str
    began: datetime
    expires: datetime
    since: datetime
    locale: str = ""
    origins: tuple[str, ...] = ()

    def renewed(self, now: datetime, persistent: bool) -> "Grant":
        """Give the same for another half hour, or what is left of the longest time."""
        return replace(self, expires=min(now + LIFETIME, self.since + LONGEST[persistent]))


def write(account: Account[ChatSettings], grant: Grant) -> str:
    """Make the token of a grant."""
    claims = {
        "conv": grant.conversation,
        "user": grant.user,
        "began": int(grant.began.timestamp()),
        "exp": int(grant.expires.timestamp()),
        "since": int(grant.since.timestamp()),
        "locale": grant.locale,
        "origins": list(grant.origins),
    }
    return _signed(account, TALK, {name: value for name, value in claims.items() if value})


def read(account: Account[ChatSettings], token: str) -> Grant:
    """Read a token, expired or not; raises NotAuthentic when it is not one of this account."""
    claims = _claims(account, TALK, token)
    return Grant(
        conversation=str(claims["conv"]),
        user=str(claims["user"]),
        began=_time(claims["began"]),
        expires=_time(claims["exp"]),
        since=_time(claims["since"]) if "since" in claims else _time(claims["exp"]) - LIFETIME,
        locale=str(claims.get("locale", "")),
        origins=tuple(map(str, claims.get("origins", ()))),
    )


def write_file(account: Account[ChatSettings], message: str, index: int, now: datetime) -> str:
    """Make the token of a link to one attachment; the same one for an hour, so that caches can work."""
    ends = int((now + FILE_LIFETIME).timestamp()) // 3600 * 3600
    return _signed(account, FILE, {"file": f"{message}/{index}", "exp": ends})


def check_file(account: Account[ChatSettings], token: str, message: str, index: str, now: datetime) -> None:
    """Pass a link's token; raises NotAuthentic, or Expired."""
    claims = _claims(account, FILE, token)
    if claims.get("file") != f"{message}/{index}":
        raise NotAuthentic("the token is for another attachment")
    if _time(claims["exp"]) <= now:
        raise Expired("the link has expired")


def is_secret(account: Account[ChatSettings], given: str) -> bool:
    """Tell whether this is a secret of the account; every one of them is compared, in constant time."""
    octets = given.encode("utf-8", "surrogatepass")
    found = [hmac.compare_digest(octets, _octets(secret)) for secret in account.settings.secrets]
    return any(found)


def _signed(account: Account[ChatSettings], purpose: str, claims: Mapping[str, Any]) -> str:
    key = account.settings.signing_keys[0]
    addressed = {**claims, "aud": _audience(account, purpose)}
    return jwt.encode(addressed, key.key.get_secret_value(), ALGORITHM, headers={"kid": key.id})


def _claims(account: Account[ChatSettings], purpose: str, token: str) -> dict[str, Any]:
    if len(token) > LIMIT:
        raise NotAuthentic("the token is too long")
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next(one.key for one in account.settings.signing_keys if one.id == kid)
        return jwt.decode(
            token,
            key.get_secret_value(),
            algorithms=[ALGORITHM],
            audience=_audience(account, purpose),
            # Whoever reads it judges the time, by the clock of the request.
            options={"require": ["exp", "aud"], "verify_exp": False},
        )
    except (jwt.PyJWTError, StopIteration, ValueError, RecursionError):
        raise NotAuthentic("the token is not one of this account") from None


def _audience(account: Account[ChatSettings], purpose: str) -> str:
    return f"{account.channel}/{account.id}/{purpose}"


def _octets(secret: SecretStr) -> bytes:
    return secret.get_secret_value().encode("utf-8", "surrogatepass")


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
