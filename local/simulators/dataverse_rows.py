"""The tables of the simulated Dataverse: their columns, their rows with versions, and which were deleted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

SHOWN = "OData.Community.Display.V1.FormattedValue"
TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname"
USER = "00000000-0000-0000-0000-0000000000c1"  # who writes, in this one's name
REFERENCES = ("Lookup", "Customer", "Owner")
STATES = ("Active", "Inactive", "Canceled", "Closed")
Row = dict[str, Any]


class Refusal(Exception):
    """What the Web API answers instead: a status, its own code, and a sentence."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(said)
        self.status, self.code, self.said = status, code, said


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `columns` are the types by logical names."""

    entity: str
    collection: str
    columns: Mapping[str, str]
    tracked: bool = True

    @property
    def key(self) -> str:
        """The column that holds the id."""
        return f"{self.entity}id"

    @property
    def properties(self) -> dict[str, str]:
        """The types by the names in queries."""
        return {name_of(column, kind): kind for column, kind in self.columns.items()}


def name_of(column: str, kind: str) -> str:
    """Give a column's name in queries."""
    return f"_{column}_value" if kind in REFERENCES else column


def _table(entity: str, collection: str, columns: Mapping[str, str], *, tracked: bool = True) -> Table:
    usual = {
        f"{entity}id": "Uniqueidentifier",
        **dict.fromkeys(("createdon", "modifiedon"), "DateTime"),
        "modifiedby": "Lookup",
        "ownerid": "Owner",
        "statecode": "State",
        "statuscode": "Status",
        f"{entity}imageid": "Virtual",
    }
    return Table(entity, collection, {**usual, **columns}, tracked)


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "String")


def _choices(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "Picklist")


_PHONES = _texts("telephone1", "telephone2", "telephone3")
_MAILS = _texts("emailaddress1", "emailaddress2", "emailaddress3")
_CUSTOMER = {"customerid": "Customer"}
_CONTACT = {
    **_texts("fullname", "mobilephone"),
    **_choices("customertypecode", "preferredcontactmethodcode"),
    "parentcustomerid": "Customer",
}
_ACCOUNT = {**_texts("name", "accountnumber"), **_choices("customertypecode"), "primarycontactid": "Lookup"}
_CASE = {**_texts("title", "ticketnumber"), **_choices("prioritycode", "casetypecode", "caseorigincode")}
_QUOTE = {**_texts("name", "quotenumber"), "totalamount": "Money"}
_CAMPAIGN = {**_texts("name", "codename"), **_choices("typecode")}
_NOTE = {**_texts("subject"), "notetext": "Memo", "objectid": "Lookup"}
_TABLES = (
    _table("contact", "contacts", {**_CONTACT, **_PHONES, **_MAILS}),
    _table("account", "accounts", {**_ACCOUNT, **_PHONES, **_MAILS}),
    _table("incident", "incidents", {**_CASE, **_CUSTOMER}),
    _table("quote", "quotes", {**_QUOTE, **_CUSTOMER}),
    _table("queue", "queues", _texts("name")),
    _table("queueitem", "queueitems", {**_texts("title"), "objectid": "Lookup", "queueid": "Lookup"}),
    _table("campaign", "campaigns", _CAMPAIGN, tracked=False),
    _table("annotation", "annotations", _NOTE, tracked=False),
    _table("systemuser", "systemusers", _texts("fullname")),
)
TABLES: Mapping[str, Table] = MappingProxyType({table.collection: table for table in _TABLES})


@dataclass
class Store:
    """All rows, by collection and id. `version` counts every write."""

    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    deleted: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in TABLES})
    version: int = 1000

    def get(self, table: Table, id_: str) -> Row:
        """Read a row; raises Refusal."""
        found = self.rows[table.collection].get(id_.lower())
        if found is None:
            raise Refusal(404, "0x80040217", f"{table.entity} With Id = {id_} Does Not Exist")
        return found

    def write(self, table: Table, id_: str, content: Mapping[str, Any]) -> tuple[str, bool]:
        """Create or change a row; give its id, and whether it is new."""
        id_ = id_ or str(uuid4())
        values = self._values(table, content)
        former = self.rows[table.collection].get(id_)
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        fresh = {table.key: id_, "createdon": now, "statecode": 0, "statuscode": 1}
        # A given time stands: imports set it, and so do tests.
        row = {**(former or fresh), "modifiedon": now, **self._user("modifiedby"), **values}
        self.version += 1
        self.rows[table.collection][id_] = {**row, "version": self.version}
        self.deleted[table.collection].pop(id_, None)
        return id_, former is None

    def delete(self, table: Table, id_: str) -> None:
        """Delete a row; raises Refusal."""
        self.get(table, id_)
        self.version += 1
        del self.rows[table.collection][id_.lower()]
        self.deleted[table.collection][id_.lower()] = self.version

    def shown(self, table: Table, row: Row, select: list[str], annotated: bool) -> Row:
        """Write a row as it is answered: empty columns are null, and what people read stands beside."""
        given: Row = {"@odata.etag": f'W/"{row["version"]}"'}
        for name, kind in table.properties.items():
            if kind == "Virtual" or (select and name not in (*select, table.key)):
                continue
            given[name] = row.get(name)
            if annotated and row.get(name) is not None:
                given |= {
                    f"{name}@{what}": text for what, text in self._beside(name, kind, row).items() if text
                }
        return given

    def _beside(self, name: str, kind: str, row: Row) -> dict[str, str]:
        if kind in REFERENCES:
            return {TARGET: row.get(f"{name}@", ""), SHOWN: self._name(row.get(f"{name}@", ""), row[name])}
        if kind == "State":
            return {SHOWN: STATES[int(row[name])]}
        return {SHOWN: f"{row[name]:,.2f}"} if kind == "Money" else {}

    def _name(self, entity: str, id_: str) -> str:
        for table in TABLES.values():
            if table.entity == entity:
                row = self.rows[table.collection].get(id_, {})
                return str(row.get("fullname") or row.get("name") or row.get("title") or "")
        return ""

    def _user(self, column: str) -> Row:
        return {f"_{column}_value": USER, f"_{column}_value@": "systemuser"}

    def _values(self, table: Table, content: Mapping[str, Any]) -> Row:
        values: Row = {}
        for name, value in content.items():
            if name.endswith("@odata.bind"):
                values |= self._bound(table, name.removesuffix("@odata.bind"), str(value))
            elif table.columns.get(name) in (None, "Virtual", *REFERENCES):
                raise Refusal(400, "0x80048d19", f"Undeclared property '{name}'.")
            else:
                values[name] = value
        return values

    def _bound(self, table: Table, name: str, value: str) -> Row:
        collection, _, rest = value.strip("/").partition("(")
        target = TABLES.get(collection)
        columns = {column for column, kind in table.columns.items() if kind in REFERENCES}
        column = next((one for one in columns if target and name in (one, f"{one}_{target.entity}")), None)
        if target is None or column is None:
            raise Refusal(400, "0x80048d19", f"An undeclared property '{name}' was found.")
        id_ = str(UUID(rest.rstrip(")")))
        self.get(target, id_)
        return {f"_{column}_value": id_, f"_{column}_value@": target.entity}
