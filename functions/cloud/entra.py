"""msal as we use it: one client for each application, time limits, and errors in our own words.

Blocking: call it in a thread. Imported at the first token only, for msal and requests cost a cold start
a tenth of a second. https://learn.microsoft.com/entra/msal/python/
"""

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msal
import requests
from requests.adapters import HTTPAdapter

from functions.entra import Certificate, ClientSecret, EntraApp, ManagedIdentity
from functions.errors import NotGranted, Unavailable

SECONDS = 10.0  # for one request
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_REASONS = {
    "7000215": "the client secret is wrong (the secret's value is wanted, not its id)",
    "7000222": "the client secret has expired: make a new one in the app registration",
    "700016": "the tenant has no application with this client id",
    "700027": "the certificate is not one of the app registration's, or has expired",
    "90002": "there is no such tenant",
    "500011": "the tenant does not know what the token is for (scope)",
    "53003": "a conditional access policy forbids it",
}
_NUMBER = re.compile(r"AADSTS(\d+)")


class Client:
    """An application's tokens, kept by msal as long as they live."""

    def __init__(self, app: EntraApp) -> None:
        self._app = app
        self._session = _session(app.authority)
        self._asked: msal.ConfidentialClientApplication | msal.ManagedIdentityClient | None = None

    def token(self, renew: bool) -> str:
        """Give a token, from memory while it lives; raises NotGranted or Unavailable."""
        try:
            found = self._ask(renew)
        except requests.RequestException as error:
            raise Unavailable(f"Entra ID does not answer ({type(error).__name__})") from None
        except ValueError:
            # msal says so of a tenant that has no metadata, and of a key that it cannot read.
            raise NotGranted(
                "entra", "Entra ID does not know the tenant, or the certificate cannot be read"
            ) from None
        token = found.get("access_token")
        if isinstance(token, str) and token:
            return token
        raise _refused(found)

    def _ask(self, renew: bool) -> dict[str, Any]:
        if isinstance(self._app.credential, ManagedIdentity):
            return self._ask_azure(renew)
        if self._asked is None:
            self._asked = _confidential(self._app, self._session)
        if renew:
            self._asked.remove_tokens_for_client()
        found: dict[str, Any] = self._asked.acquire_token_for_client([self._app.scope])
        return found

    def _ask_azure(self, renew: bool) -> dict[str, Any]:
        if self._asked is None or renew:
            identity = msal.UserAssignedManagedIdentity(client_id=self._app.client_id)
            self._asked = msal.ManagedIdentityClient(identity, http_client=self._session)
        resource = self._app.scope.removesuffix("/.default")
        found: dict[str, Any] = self._asked.acquire_token_for_client(resource=resource)
        return found


def _confidential(app: EntraApp, session: requests.Session) -> msal.ConfidentialClientApplication:
    """Make the client; it asks for the tenant's metadata at once."""
    # msal knows https only: to a simulator `_Loopback` strips it again.
    authority = urlunsplit(urlsplit(app.authority)._replace(scheme="https"))
    return msal.ConfidentialClientApplication(
        app.client_id,
        client_credential=_credential(app.credential),
        authority=f"{authority}/{app.tenant}",
        http_client=session,
        instance_discovery=False,  # the authority is the administrator's word, not a message's
    )


def _credential(credential: ClientSecret | Certificate | ManagedIdentity) -> str | dict[str, str]:
    if isinstance(credential, ClientSecret):
        return credential.value
    if not isinstance(credential, Certificate):
        raise TypeError("a managed identity has no credential of its own")
    made = {"private_key": credential.pem}
    if credential.thumbprint:
        return {**made, "thumbprint": credential.thumbprint}
    return {**made, "public_certificate": credential.pem}


def _refused(found: dict[str, Any]) -> NotGranted | Unavailable:
    error = str(found.get("error") or "no-token")[:64]
    if error == "temporarily_unavailable":
        return Unavailable("Entra ID is temporarily unavailable")
    number = _NUMBER.search(str(found.get("error_description", "")))
    # Its own sentence is left out: it may quote more than a reader of the message should know.
    said = _REASONS.get(number[1], f"AADSTS{number[1]}") if number else "no reason that we know"
    return NotGranted(error, f"Entra ID gives no token ({error}): {said}")


class _Timed(HTTPAdapter):
    """requests would wait for ever; and of a busy or broken server msal would remember the answer."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = SECONDS
        response = super().send(request, *args, **kwargs)
        if response.status_code == 429 or response.status_code >= 500:
            seconds = response.headers.get("Retry-After", "")
            wait = int(seconds[:4]) if seconds.isascii() and seconds.isdigit() else 5
            raise Unavailable(f"Entra ID answered {response.status_code}", wait)
        return response


class _Loopback(_Timed):
    """To a simulator on this machine, which speaks plain http."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = urlunsplit(urlsplit(request.url or "")._replace(scheme="http"))
        return super().send(request, *args, **kwargs)


def _session(authority: str) -> requests.Session:
    session, parts = requests.Session(), urlsplit(authority)
    session.max_redirects = 0  # the secret goes to the authority and nowhere else
    session.mount("https://", _Timed())
    session.mount("http://", _Timed())  # where Azure answers for a managed identity
    if parts.scheme == "http":
        if parts.hostname not in LOOPBACK:
            raise NotGranted("entra", "the authority must be https")
        session.trust_env = False
        session.mount(f"https://{parts.netloc}/", _Loopback())
    return session
