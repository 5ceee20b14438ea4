"""Who calls: bearer tokens of Entra ID (or of the development issuer), RS256 and nothing else.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference, RFC 6750, RFC 8725.
"""

from datetime import timedelta
from typing import Any

import jwt

from functions.desk.call import Caller, Role
from functions.errors import Forbidden, NotAuthentic
from functions.keys import Keys

LEEWAY = timedelta(seconds=60)
LIMIT = 16_384  # characters
REASONS: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token is of another issuer",
    jwt.InvalidSignatureError: "the token's signature does not match",
}


class Authority:
    """Decides who a caller is, and whether that is enough."""

    def __init__(self, issuer: str, audience: str, keys: Keys) -> None:
        if not issuer or not audience:
            raise ValueError("tokens need an issuer and an audience")
        self._issuer = issuer
        self._audience = audience
        self._keys = keys

    async def admit(self, authorization: str, role: Role) -> Caller:
        """Give the caller behind an Authorization header.

        Raises NotAuthentic (401), Forbidden (403: the role is missing) or Unavailable (503: no keys).
        """
        claims = await self._claims(_bearer(authorization))
        caller = Caller(str(claims.get("oid") or claims["sub"]), _roles(claims))
        if not caller.may(role):
            raise Forbidden(f"this needs the app role {role}")
        return caller

    async def _claims(self, token: str) -> dict[str, Any]:
        key = await self._keys.key(_kid(token))
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            reason = REASONS.get(type(error), "the token is not one of ours")
            raise NotAuthentic(reason) from error


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthentic("a bearer token is needed: the header Authorization: Bearer TOKEN is missing")
    if len(token) > LIMIT:
        raise NotAuthentic("the token is too long")
    return token.strip()


def _kid(token: str) -> str:
    """Read the key id; the algorithm is refused here already, before anybody is asked for a key."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise NotAuthentic("the token is not a JWT") from error
    if header.get("alg") != "RS256":
        raise NotAuthentic("the token must be signed with RS256")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise NotAuthentic("the token does not name its key")
    return kid


def _roles(claims: dict[str, Any]) -> frozenset[str]:
    roles = claims.get("roles")
    return frozenset(str(role) for role in roles) if isinstance(roles, list) else frozenset()
