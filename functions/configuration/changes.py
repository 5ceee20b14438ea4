"""What differs between two documents, and a document with its secrets masked."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from functions.configuration.accounts import masked_settings
from functions.configuration.document import Document
from functions.configuration.reading import LISTS
from functions.message import Model

Fields = dict[str, JsonValue]


class ChangeKind(StrEnum):
    """How a part differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(Model):
    """A part that differs, such as `workstreams[sales].agentQueue`; secrets are masked on both sides."""

    path: str
    kind: ChangeKind
    before: JsonValue = None
    after: JsonValue = None


def masked(document: Document) -> Document:
    """Give the document to look at: secrets are `********`, references to secrets stay."""
    accounts = tuple(
        account.model_copy(update={"settings": masked_settings(account)}) for account in document.accounts
    )
    return document.model_copy(update={"accounts": accounts})


def diff(old: Document, new: Document) -> list[Change]:
    """List what applying `new` over `old` changes. Of the lists, only the order of rules counts."""
    before, after = _parts(old), _parts(new)
    shown_before, shown_after = _parts(masked(old)), _parts(masked(new))
    changes: list[Change] = []
    for path in dict.fromkeys((*after, *before)):
        if path not in before:
            changes.append(Change(path=path, kind=ChangeKind.ADDED, after=shown_after[path]))
        elif path not in after:
            changes.append(Change(path=path, kind=ChangeKind.REMOVED, before=shown_before[path]))
        else:
            names = [name for name in {**before[path], **after[path]} if _differ(before, after, path, name)]
            changes += [_changed(path, name, shown_before[path], shown_after[path]) for name in names]
    return changes + list(_reordered(old, new))


def _differ(before: Mapping[str, Fields], after: Mapping[str, Fields], path: str, name: str) -> bool:
    return before[path].get(name) != after[path].get(name)


def _changed(path: str, name: str, before: Fields, after: Fields) -> Change:
    where = f"{path}.{name}" if path else name
    return Change(path=where, kind=ChangeKind.CHANGED, before=before.get(name), after=after.get(name))


def _reordered(old: Document, new: Document) -> Iterator[Change]:
    orders_before, orders_after = _orders(old), _orders(new)
    for path in orders_after:
        before, after = orders_before.get(path, []), orders_after[path]
        kept_before = [name for name in before if name in set(after)]
        kept_after = [name for name in after if name in set(before)]
        if kept_before != kept_after:
            yield Change(path=path, kind=ChangeKind.CHANGED, before=[*kept_before], after=[*kept_after])


def _orders(document: Document) -> dict[str, list[str]]:
    inner = {f"workstreams[{one.id}].rules": one.rules for one in document.workstreams}
    return {
        path: [rule.name for rule in rules]
        for path, rules in ({"rules": document.rules, "intakeRules": document.intake_rules} | inner).items()
    }


def _parts(document: Document) -> dict[str, Fields]:
    """Take a document apart: each item of its lists by path, and under no path what is left."""
    whole: dict[str, Any] = document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    whole["entitlements"] = sorted(document.entitlements)
    parts: dict[str, Fields] = {"": {name: value for name, value in whole.items() if name not in LISTS}}
    for section in LISTS:
        for item in whole.get(section, ()):
            parts |= _item(section, item)
    return parts


def _item(section: str, item: dict[str, Any]) -> dict[str, Fields]:
    path = f"{section}[{_name(section, item)}]"
    rules = {} if section != "workstreams" else item.pop("rules", {})
    settings = {f"settings.{name}": value for name, value in item.pop("settings", {}).items()}
    inner = [_item(f"{path}.rules", rule) for rule in rules]
    return {path: item | settings} | {name: part for one in inner for name, part in one.items()}


def _name(section: str, item: dict[str, Any]) -> str:
    if section == "records":
        return f"{item['entity']}/{item['id']}"
    if section == "recordTables":
        return str(item["entity"])
    return str(item["name"] if section.lower().endswith("rules") else item["id"])
