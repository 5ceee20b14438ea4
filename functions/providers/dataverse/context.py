"""Dataverse's RemoteExecutionContext, the body of its webhooks, as changes of records.

Follows https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks and
https://learn.microsoft.com/power-apps/developer/data-platform/understand-the-data-context. What changed
stands in the input parameters; what the row held before, and holds after it, in the images of the step.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from pydantic import JsonValue

from functions.channels.records.change import RecordChange, RecordMessage, RecordValue
from functions.message import digest
from functions.providers.dataverse.values import (
    attributes,
    choice,
    date,
    guid,
    logical,
    pairs,
    parameter,
    plain,
)
from functions.providers.payload import children, fragment_id, number, text

LARGEST = 150_000  # bytes of a change: the queue takes 200,000
SHORT = 200  # characters of the values that a change over that keeps
ASYNCHRONOUS = 1
RESOLVED = "1"  # the state of a case that was closed
_ENTITY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_COLUMN = re.compile(r"[a-z0-9_]{1,100}")
_MULTIPLE = "multiple"
_MESSAGES: Mapping[str, RecordMessage] = MappingProxyType(
    {
        "create": RecordMessage.CREATE,
        "update": RecordMessage.UPDATE,
        "assign": RecordMessage.ASSIGN,
        "setstate": RecordMessage.STATE,
        "setstatedynamicentity": RecordMessage.STATE,
        "delete": RecordMessage.DELETE,
    }
)
# Set by the platform with every change: no news to anybody.
_HOUSEKEEPING = frozenset(
    {
        *("createdby", "createdon", "createdonbehalfby", "modifiedby", "modifiedon", "modifiedonbehalfby"),
        *("owningbusinessunit", "owningteam", "owninguser", "exchangerate", "versionnumber"),
        *("timezoneruleversionnumber", "utcconversiontimezonecode"),
    }
)


def changes(context: Mapping[str, JsonValue], exceeded: bool) -> Iterator[RecordChange]:
    """Give the change, or those of a `…Multiple` message; none when the context names no record.

    `exceeded`: Dataverse has left out parameters and images, for the body would have been too large.
    """
    for target in _targets(context):
        change = _change(context, target, exceeded)
        if _ENTITY.fullmatch(change.entity) and change.id:
            yield _bounded(change)


def event_of(context: Mapping[str, JsonValue], change: RecordChange) -> str:
    """Name the change, the same for a repeated delivery.

    An asynchronous step has a job of its own; a synchronous one shares its operation with others, and may run
    twice for a record in it: there the body tells them apart.
    """
    step = guid(_owning_step(context))
    record = f"{change.entity}/{change.id}"
    operation = guid(context.get("OperationId"))
    if number(dict(context), "Mode") == ASYNCHRONOUS and operation:
        return f"{operation}:{step}" if not _is_multiple(context) else f"{operation}:{step}:{record}"
    parts = (guid(context.get("CorrelationId")), record, change.message, str(change.depth), step)
    return digest(*parts, fragment_id(dict(context)))


def _targets(context: Mapping[str, JsonValue]) -> list[JsonValue]:
    content = dict(context)
    if _is_multiple(context):
        found = parameter(content, "Targets")
        return children(found, "Entities") or (found if isinstance(found, list) else [])
    return [parameter(content, "Target") or parameter(content, "EntityMoniker")]


def _change(context: Mapping[str, JsonValue], target: JsonValue, exceeded: bool) -> RecordChange:
    content = dict(context)
    entity = logical(target) or text(content, "PrimaryEntityName").strip().lower()
    message = _message(context, entity)
    told = _told(content, message, target)
    before, after = _image(content, "PreEntityImages"), _image(content, "PostEntityImages")
    changed = _changed(told, before, f"{entity}id")
    if message is RecordMessage.UPDATE and "statecode" in changed:
        message = RecordMessage.STATE
    return RecordChange(
        message=message,
        entity=entity,
        id=_id(content, target),
        attributes={**before, **told, **{name: _richer(told.get(name), after[name]) for name in after}},
        changed=changed,
        at=date(context.get("OperationCreatedOn")),
        user=guid(context.get("InitiatingUserId")) or guid(context.get("UserId")),
        operation=text(content, "MessageName")[:100] if message is RecordMessage.OTHER else "",
        depth=number(content, "Depth") or 1,
        partial=message is not RecordMessage.DELETE and (exceeded or not told),
        whole=message is RecordMessage.CREATE and bool(told) and not exceeded,
    )


def _message(context: Mapping[str, JsonValue], entity: str) -> RecordMessage:
    name = text(dict(context), "MessageName").lower().removesuffix(_MULTIPLE)
    if name == "close" and entity == "incident":
        return RecordMessage.STATE
    return _MESSAGES.get(name, RecordMessage.OTHER)


def _told(context: JsonValue, message: RecordMessage, target: JsonValue) -> dict[str, RecordValue]:
    """Give the attributes that the operation sets."""
    if message is RecordMessage.ASSIGN:
        owner = plain(parameter(context, "Assignee"))
        return {"ownerid": owner} if owner.value else {}
    if message is RecordMessage.STATE:
        resolved = RESOLVED if parameter(context, "IncidentResolution") else ""
        states = {
            "statecode": choice(parameter(context, "State")) or resolved,
            "statuscode": choice(parameter(context, "Status")),
        }
        return {name: RecordValue(value=value) for name, value in states.items() if value}
    if message in (RecordMessage.CREATE, RecordMessage.UPDATE):
        return dict(_columns(attributes(target)))
    return {}


def _image(context: JsonValue, name: str) -> dict[str, RecordValue]:
    return {
        column: value for _, image in pairs(context, name) for column, value in _columns(attributes(image))
    }


def _columns(found: Mapping[str, RecordValue]) -> Iterator[tuple[str, RecordValue]]:
    return ((name, value) for name, value in found.items() if _COLUMN.fullmatch(name))


def _changed(told: Mapping[str, RecordValue], before: Mapping[str, RecordValue], key: str) -> tuple[str, ...]:
    """Name what is new: callers set columns to what they are already, and the image tells."""

    def is_news(name: str) -> bool:
        former = before.get(name)
        return former is None or former.value != told[name].value

    names = (name for name in told if name not in _HOUSEKEEPING and name != key)
    return tuple(name for name in names if is_news(name))[:100]


def _richer(told: RecordValue | None, after: RecordValue) -> RecordValue:
    """Of one value told twice, prefer the one with what people read."""
    return told if told and told.value == after.value and told.name else after


def _id(context: JsonValue, target: JsonValue) -> str:
    own = guid(target.get("Id")) if isinstance(target, dict) else ""
    if own or not isinstance(context, dict):
        return own
    resolution = dict(pairs(parameter(context, "IncidentResolution"), "Attributes")).get("incidentid")
    created = dict(pairs(context, "OutputParameters")).get("id")
    return guid(context.get("PrimaryEntityId")) or plain(resolution).value or guid(created)


def _bounded(change: RecordChange) -> RecordChange:
    for kept in (_short(change.attributes.items()), {}):
        if len(change.json_text().encode()) <= LARGEST:
            break
        known = tuple(name for name in change.changed if name in kept)
        lost = {"attributes": kept, "changed": known, "partial": True, "whole": False}
        change = change.model_copy(update=lost)
    return change


def _short(named: Iterable[tuple[str, RecordValue]]) -> dict[str, RecordValue]:
    return {name: value for name, value in named if len(value.value) + len(value.name) <= SHORT}


def _is_multiple(context: Mapping[str, JsonValue]) -> bool:
    return text(dict(context), "MessageName").lower().endswith(_MULTIPLE)


def _owning_step(context: Mapping[str, JsonValue]) -> JsonValue:
    step = context.get("OwningExtension")
    return step.get("Id") if isinstance(step, dict) else None
