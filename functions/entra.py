"""An application of Entra ID, in whose name we ask for access tokens: who it is, and how it proves that.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow. The tokens are
brought by `functions.ports.Entra`.
"""

from dataclasses import dataclass, field

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A secret of the app registration (the value, not its id)."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of the app registration with its unencrypted private key, both in one PEM text.

    `thumbprint` is SHA-1 in hex, as the portal shows it; without it the PEM must hold the certificate.
    """

    pem: str = field(repr=False)
    thumbprint: str = ""


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """The user-assigned managed identity with the app's client id, which Azure vouches for: no secret."""


Credential = ClientSecret | Certificate | ManagedIdentity


@dataclass(frozen=True, slots=True)
class EntraApp:
    """An application, and what its tokens are for. `scope` ends with `/.default`.

    `authority` is https, or the loopback of a simulator. A managed identity needs neither it nor `tenant`.
    """

    tenant: str
    client_id: str
    scope: str
    credential: Credential
    authority: str = PUBLIC_AUTHORITY
