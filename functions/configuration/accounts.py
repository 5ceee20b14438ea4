"""Accounts: their settings as the adapter reads them, and what keeps an account from being set up."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from functions.channels import CHANNELS, adapter, channel_names
from functions.channels.contract import Account
from functions.configuration.document import AccountEntry, Entitlement
from functions.configuration.problem import Problem
from functions.configuration.reading import Draft, Place, path, said
from functions.configuration.rotation import choices, listed
from functions.errors import NotFound, Unavailable
from functions.message import Model
from functions.ports import Secrets

# Any one of them is enough. Every channel that is not here needs digital messaging.
NEEDED: Mapping[str, tuple[Entitlement, ...]] = {
    "chat": (Entitlement.CHAT, Entitlement.DIGITAL_MESSAGING),
    "voice": (Entitlement.VOICE,),
    "records": (Entitlement.RECORDS,),
}
HIDDEN = "********"


def account_problems(draft: Draft) -> Iterator[Problem]:
    """Check channels, entitlements and settings, and that no provider address is in two accounts."""
    addresses: dict[str, str] = {}
    for where, entry in draft.places("accounts", draft.document.accounts):
        if (entry.channel, entry.provider) not in CHANNELS:
            yield _unknown(where, entry)
            continue
        if "entitlements" not in draft.lost:
            yield from _not_entitled(where, entry, draft.document.entitlements)
        yield from _settings_problems(where, entry)
        address = _address(entry)
        if address in addresses:
            setting = to_camel(adapter(entry.channel, entry.provider).capabilities.address)
            reason = f"{addresses[address]} has the same: an address belongs to one account"
            yield Problem(path=f"{where}.settings.{setting}", reason=reason)
        elif address:
            addresses[address] = f"{where} {entry.id!r}"


async def open_account(entry: AccountEntry, secrets: Secrets, callback: str) -> Account[Any]:
    """Make the account that adapters work with; its secrets are fetched.

    Raises NotFound for a channel that this version does not have, and Unavailable when a secret is missing or
    the settings do not fit: both are our fault and not the provider's.
    """
    found = adapter(entry.channel, entry.provider)
    try:
        resolved = {name: await _resolved(value, secrets) for name, value in entry.settings.items()}
        settings, *also = map(found.Settings.model_validate, choices(found.Settings, resolved))
    except NotFound as missing:
        raise Unavailable(f"account {entry.id!r}: {missing.reason}") from None
    except ValidationError as error:
        wrong = ", ".join(path(item["loc"]) for item in error.errors(include_input=False))
        raise Unavailable(f"account {entry.id!r}: the settings do not fit: {wrong}") from None
    return Account(entry.id, entry.channel, entry.provider, callback, settings, tuple(also))


def masked_settings(entry: AccountEntry) -> dict[str, JsonValue]:
    """Give the settings to look at: of secrets only the names of their references are shown."""
    if (entry.channel, entry.provider) not in CHANNELS:
        return {name: _masked(value) for name, value in entry.settings.items()}
    open_names = _public_names(adapter(entry.channel, entry.provider).Settings)
    return {name: value if name in open_names else _masked(value) for name, value in entry.settings.items()}


def reference(value: JsonValue) -> str | None:
    """Give the name in `{secret: NAME}`; None for anything else."""
    if isinstance(value, dict) and list(value) == ["secret"] and isinstance(name := value["secret"], str):
        return name
    return None


def refers(entry: AccountEntry) -> bool:
    """Tell whether the settings refer to a secret."""
    places: list[Place] = []
    _stand_in(dict(entry.settings), (), places)
    return bool(places)


def _unknown(where: str, entry: AccountEntry) -> Problem:
    if entry.channel not in channel_names():
        return Problem(path=f"{where}.channel", reason=f"there is no channel {entry.channel!r}")
    reason = f"there is no provider {entry.provider!r} for the channel {entry.channel!r}"
    return Problem(path=f"{where}.provider", reason=reason)


def _not_entitled(where: str, entry: AccountEntry, held: frozenset[Entitlement]) -> Iterator[Problem]:
    needed = NEEDED.get(entry.channel, (Entitlement.DIGITAL_MESSAGING,))
    if not held.intersection(needed):
        names = " or ".join(f"'{name}'" for name in needed)
        reason = f"the channel {entry.channel!r} needs the entitlement {names}"
        yield Problem(path=f"{where}.channel", reason=reason)


def _settings_problems(where: str, entry: AccountEntry) -> Iterator[Problem]:
    places: list[Place] = []
    model = adapter(entry.channel, entry.provider).Settings
    values = {name: _stand_in(value, (name,), places) for name, value in entry.settings.items()}
    lists = listed(model, values)
    # A secret that lists two has them, one at a time, in its own place.
    places = [place[:1] if place[0] in lists else place for place in places]
    found: dict[str, Problem] = {}
    for settings in choices(model, values):
        for problem in _unfit(where, entry, settings, places):
            found.setdefault(problem.path, problem)
    yield from found.values()


def _unfit(
    where: str, entry: AccountEntry, settings: Mapping[str, JsonValue], places: Sequence[Place]
) -> Iterator[Problem]:
    try:
        adapter(entry.channel, entry.provider).Settings.model_validate(settings)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            # What a reference stands for is not known here: only its place can be wrong, not its form,
            # nor the length of a list that pydantic counts without the items of a wrong form.
            referred = any(item["loc"][: len(place)] == place for place in places)
            counted = item["type"] == "too_short" and any(
                place[: len(item["loc"])] == item["loc"] for place in places
            )
            if item["type"] == "extra_forbidden" or not (referred or counted):
                reason = _without(_said(item, settings), entry.settings)
                yield Problem(path=path((f"{where}.settings", *item["loc"])), reason=reason)


def _said(item: ErrorDetails, settings: Mapping[str, JsonValue]) -> str:
    """Say what pydantic found; a map in place of a text is most often meant for a reference."""
    value: object = settings
    for part in item["loc"]:
        value = value.get(str(part)) if isinstance(value, dict) else None
    meant = item["type"] == "string_type" and isinstance(value, dict)
    return "must be text, or a reference: {secret: NAME}" if meant else said(item)


def _stand_in(value: JsonValue, place: Place, places: list[Place]) -> JsonValue:
    if reference(value):
        places.append(place)
        return f"reference-{len(places)}"  # no two secrets are the same
    if isinstance(value, dict):
        return {name: _stand_in(part, (*place, name), places) for name, part in value.items()}
    if isinstance(value, list):
        return [_stand_in(part, (*place, index), places) for index, part in enumerate(value)]
    return value


def _without(message: str, value: JsonValue | Mapping[str, JsonValue]) -> str:
    """An adapter's own message might quote what was typed, and that may be a secret."""
    parts: Sequence[JsonValue] = ()
    if isinstance(value, Mapping):
        parts = tuple(value.values())
    elif isinstance(value, list):
        parts = value
    elif isinstance(value, str) and len(value) > 3:
        message = message.replace(value, HIDDEN)
    for part in parts:
        message = _without(message, part)
    return message


def _address(entry: AccountEntry) -> str:
    """Give what names the account at its provider, to compare; empty when that is not given."""
    setting = adapter(entry.channel, entry.provider).capabilities.address
    value = entry.settings.get(to_camel(setting), entry.settings.get(setting))
    return json.dumps([entry.channel, entry.provider, _spelled(value)]) if value else ""


def _spelled(value: JsonValue) -> JsonValue:
    """Ids may be written as numbers."""
    return str(value) if isinstance(value, int | float) else value


def _public_names(settings: type[Model]) -> frozenset[str]:
    """List the settings, by both spellings, that are surely no secret; an own type may be one."""
    schema = settings.model_json_schema()["properties"]
    spellings = [(name, field.alias or name) for name, field in settings.model_fields.items()]
    public = [pair for pair in spellings if not _may_hide(json.dumps(schema[pair[1]]))]
    return frozenset(name for pair in public for name in pair)


def _may_hide(schema: str) -> bool:
    return '"writeOnly"' in schema or '"$ref"' in schema


def _masked(value: JsonValue) -> JsonValue:
    if reference(value):
        return value
    if isinstance(value, dict):
        return {name: _masked(part) for name, part in value.items()}
    return [_masked(part) for part in value] if isinstance(value, list) else HIDDEN


async def _resolved(value: JsonValue, secrets: Secrets) -> JsonValue:
    if name := reference(value):
        return await secrets.get(name)
    if isinstance(value, dict):
        return {key: await _resolved(part, secrets) for key, part in value.items()}
    if isinstance(value, list):
        return [await _resolved(part, secrets) for part in value]
    return value
