"""Which URL, and what else, to paste where at each provider; and the secrets that Key Vault has to hold.

Made from the configuration document and from what azd knows of the apps: before any runs, without a call.
Once they run, GET /api/accounts/ID/handshake says the same, and whether it has worked.
"""

import asyncio
from collections.abc import Iterator, Sequence

from pydantic import JsonValue, TypeAdapter

from functions.channels import adapter
from functions.configuration.accounts import open_account, reference
from functions.configuration.document import AccountEntry, Document
from functions.errors import NotFound, Unavailable
from functions.message import Model


class App(Model):
    """A deployed app, as main.bicep's output tells it; no channels: all."""

    name: str
    resource: str
    url: str
    channels: tuple[str, ...] = ()


class Named:
    """`functions.ports.Secrets` that knows no secret: it says where each is."""

    async def get(self, name: str) -> str:
        """Give words in the secret's place."""
        return f"(the secret {name} of Key Vault)"


def apps(text: str) -> list[App]:
    """Read azd's MONIKANAVA_APPS. Raises pydantic's ValidationError."""
    return TypeAdapter(list[App]).validate_json(text)


def lines(document: Document, deployed: Sequence[App], vault: str) -> Iterator[str]:
    """Tell each account's callback and steps, then the secrets."""
    for entry in document.accounts:
        yield ""
        yield f"{entry.id}: {entry.channel} at {entry.provider}"
        yield from (f"  {line}" for line in _account(entry, deployed))
    names = sorted({name for entry in document.accounts for name in _secrets(dict(entry.settings))})
    if names:
        yield ""
        yield "Secrets, each typed or pasted after its command (nothing is left in the shell's history):"
    for name in names:
        yield f"  az keyvault secret set --vault-name {vault} --name {name} --file /dev/stdin >/dev/null"


def _account(entry: AccountEntry, deployed: Sequence[App]) -> Iterator[str]:
    serving = [app for app in deployed if entry.channel in app.channels or not app.channels]
    if not serving:
        yield f"no app serves the channel {entry.channel}"
        return
    # As for CHANNEL_URLS: who names the channel goes before who serves all; of two, while it moves, the last.
    url = max(serving, key=lambda app: (bool(app.channels), deployed.index(app))).url
    callback = f"{url}/api/channels/{entry.channel}/{entry.id}"
    yield callback
    try:
        account = asyncio.run(open_account(entry, Named(), callback))
        steps = adapter(entry.channel, entry.provider).setup(account)
    except (NotFound, Unavailable) as unfit:
        # A secret's own form, such as a key's length, is not that of the words in its place.
        yield f"more when the app runs: GET /api/accounts/{entry.id}/handshake ({unfit.reason})"
        return
    yield from (f"{step.where} > {step.name}: {step.value}" for step in steps)


def _secrets(value: JsonValue) -> Iterator[str]:
    if name := reference(value):
        yield name
    elif isinstance(value, dict):
        for part in value.values():
            yield from _secrets(part)
    elif isinstance(value, list):
        for part in value:
            yield from _secrets(part)
