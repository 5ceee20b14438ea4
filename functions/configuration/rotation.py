"""Changing a secret without a gap: for the while a setting lists two, and both are good.

    authToken: {secret: twilio}                                  # one
    authToken: [{secret: twilio-new}, {secret: twilio}]          # while it is changed at the provider
    authToken: {secret: twilio-new}                              # after

What comes in may be signed with either; what goes out uses the first. So any single secret of any account can
be changed, and no adapter knows of it: an account has its settings once for each choice.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from pydantic import JsonValue

from functions.message import Model

BOTH = 2  # values of one secret: neither one nor three are a change


def secret_names(settings: type[Model]) -> frozenset[str]:
    """List the settings, by both spellings, that hold one secret each."""
    properties = settings.model_json_schema()["properties"]
    spelled = [(name, field.alias or name) for name, field in settings.model_fields.items()]
    return frozenset(name for pair in spelled if _secret(properties[pair[1]]) for name in pair)


def choices(settings: type[Model], values: Mapping[str, JsonValue]) -> Iterator[dict[str, JsonValue]]:
    """Give the settings with one value of each secret, the first of all first."""
    pools = listed(settings, values)
    for chosen in product(*pools.values()):
        yield {**values, **dict(zip(pools, chosen, strict=True))}


def listed(settings: type[Model], values: Mapping[str, JsonValue]) -> dict[str, list[JsonValue]]:
    """Give the secrets that have two values; any other list is left to be refused."""
    lists = {name: value for name, value in values.items() if isinstance(value, list) and len(value) == BOTH}
    names = secret_names(settings) if lists else frozenset()
    return {name: value for name, value in lists.items() if name in names}


def _secret(schema: Mapping[str, JsonValue]) -> bool:
    kinds = schema.get("anyOf", [schema])
    return isinstance(kinds, list) and any(isinstance(kind, dict) and kind.get("writeOnly") for kind in kinds)
