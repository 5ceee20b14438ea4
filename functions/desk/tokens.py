"""Who calls: bearer tokens of Entra ID, or of the development issuer.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference. How a token is checked is
in `functions.providers.bearer`, where those of providers are.
"""

from datetime import UTC, datetime
from typing import Any

from functions.desk.call import Caller, Role
from functions.errors import Forbidden, NotAuthentic
from functions.keys import Keys
from functions.providers.bearer import bearer, checked, key_name


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
        token = bearer({"authorization": authorization})
        key = await self._keys.key(key_name(token))
        claims = checked(token, key, self._audience, [self._issuer], datetime.now(UTC))
        caller = Caller(_name(claims), _roles(claims))
        if not caller.may(role):
            raise Forbidden(f"this needs the app role {role}")
        return caller


def _name(claims: dict[str, Any]) -> str:
    name = claims.get("oid") or claims.get("sub")
    if not isinstance(name, str) or not name:
        raise NotAuthentic("the token names nobody")
    return name


def _roles(claims: dict[str, Any]) -> frozenset[str]:
    roles = claims.get("roles")
    return frozenset(str(role) for role in roles) if isinstance(roles, list) else frozenset()
