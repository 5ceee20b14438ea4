"""Dataverse's RemoteExecutionContext: the shape of captured bodies, with every type of value once."""

import json
from typing import Any

from tests.channels.vectors.case import Case

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
CASE_ID = "6420f0cc-916b-ee11-9ae6-000d3a688809"
OTHER_ID = "7531e1dd-027c-ff22-8bf7-111e4b799910"
CONTACT = "9b2c1de0-1234-4c9a-8f00-aaaaaaaaaaaa"
OWNER = "c7877889-0f5f-ee11-8def-000d3adbef1f"
OPERATION = "1ecf6213-9296-4772-b37c-c09138dd0d59"
CORRELATION = "b5940787-bdf1-4d42-89aa-671ba512a488"
STEP = "bd7c6a7e-916b-ee11-9ae6-002248998a0a"
NOBODY = "00000000-0000-0000-0000-000000000000"
Json = dict[str, Any]


def pairs(values: Json) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def typed(name: str, **fields: Any) -> Json:
    return {"__type": f"{name}:{CONTRACTS}", **fields}


def reference(entity: str, id_: str, name: str | None = None) -> Json:
    return typed("EntityReference", Id=id_, KeyAttributes=[], LogicalName=entity, Name=name, RowVersion=None)


def option(value: int) -> Json:
    return typed("OptionSetValue", Value=value)


def entity(attributes: Json, shown: Json | None = None, name: str = "incident", id_: str = CASE_ID) -> Json:
    return typed(
        "Entity",
        Attributes=pairs(attributes),
        EntityState=None,
        FormattedValues=pairs(shown or {}),
        Id=id_,
        KeyAttributes=[],
        LogicalName=name,
        RelatedEntities=[],
        RowVersion=None,
    )


def context(message: str, parameters: Json, **more: Any) -> Json:
    return {
        "BusinessUnitId": "d5807889-0f5f-ee11-8def-000d3adbef1f",
        "CorrelationId": CORRELATION,
        "Depth": 1,
        "InitiatingUserAgent": "",
        "InitiatingUserId": OWNER,
        "InputParameters": pairs(parameters),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "MessageName": message,
        "Mode": 1,
        "OperationCreatedOn": "/Date(1697398446012+0200)/",
        "OperationId": OPERATION,
        "OrganizationName": "unqb015df52a05fee11a382000d3a64d",
        "OutputParameters": [],
        "OwningExtension": {
            "Id": STEP,
            "KeyAttributes": [],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": "Monikanava",
            "RowVersion": None,
        },
        "ParentContext": {"MessageName": "Update", "PrimaryEntityId": OTHER_ID, "Depth": 1},
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": CASE_ID,
        "PrimaryEntityName": "incident",
        "SecondaryEntityName": "none",
        "SharedVariables": pairs({"IsAutoTransact": True}),
        "Stage": 40,
        "UserId": OWNER,
        **more,
    }


def body(content: Json) -> bytes:
    """As DataContract JSON escapes it."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/").encode()


def item(**raw: Any) -> Json:
    return {
        "kind": "record",
        "thread": f"incident/{CASE_ID}",
        "event": f"{OPERATION}:{STEP}",
        "sender": {"id": f"systemuser/{OWNER}"},
        "sentAt": "2023-10-15T19:34:06.012000Z",
        "raw": {
            "entity": "incident",
            "id": CASE_ID,
            "user": OWNER,
            "at": "2023-10-15T19:34:06.012000Z",
            **raw,
        },
    }


CREATED = context(
    "Create",
    {
        "Target": entity(
            {
                "title": "Laskussa on virhe 👋",
                "customerid": reference("contact", CONTACT.upper(), "Aino Virtanen"),
                "prioritycode": option(1),
                "statecode": option(0),
                "new_refund": typed("Money", Value=100.5),
                "new_total": typed("Money", Value=1e22),
                "new_rate": 10.12,
                "new_count": 321,
                "new_urgent": False,
                "new_due": "/Date(1697526000000)/",
                "new_topics": [option(342490001), option(342490002)],
                "new_alias": typed(
                    "AliasedValue",
                    AttributeLogicalName="fullname",
                    EntityLogicalName="contact",
                    Value="Aino",
                ),
                "new_flag": typed("BooleanManagedProperty", CanBeChanged=True, Value=True),
                "new_parties": typed(
                    "EntityCollection",
                    EntityName="activityparty",
                    Entities=[entity({"partyid": reference("contact", CONTACT)}, name="activityparty")],
                ),
                "new_other": f"{{{OTHER_ID.upper()}}}",
                "description": None,
                "modifiedon": "/Date(1697398445000)/",
                "modifiedonbehalfby": None,
                "incidentid": CASE_ID,
            },
            {"prioritycode": "High", "new_refund": "€100.50", "new_topics": "One; Two"},
        )
    },
)
PLAIN = {
    "title": {"value": "Laskussa on virhe 👋"},
    "customerid": {"value": CONTACT, "name": "Aino Virtanen", "entity": "contact"},
    "prioritycode": {"value": "1", "name": "High"},
    "statecode": {"value": "0"},
    "new_refund": {"value": "100.5", "name": "€100.50"},
    "new_total": {"value": "10000000000000000000000"},
    "new_rate": {"value": "10.12"},
    "new_count": {"value": "321"},
    "new_urgent": {"value": "false"},
    "new_due": {"value": "2023-10-17T07:00:00Z"},
    "new_topics": {"value": "342490001,342490002", "name": "One; Two"},
    "new_alias": {"value": "Aino"},
    "new_flag": {"value": "true"},
    "new_parties": {"value": f"contact/{CONTACT}"},
    "new_other": {"value": OTHER_ID},
    "description": {},
    "modifiedon": {"value": "2023-10-15T19:34:05Z"},
    "modifiedonbehalfby": {},
    "incidentid": {"value": CASE_ID},
}
CHANGED = [name for name in PLAIN if name not in ("modifiedon", "modifiedonbehalfby", "incidentid")]
UPDATE = {"Target": entity({"prioritycode": option(3), "title": "Sama", "incidentid": CASE_ID})}
STATES = {"statecode": option(1), "statuscode": option(5)}
RESOLVED = {"statecode": {"value": "1"}, "statuscode": {"value": "5"}}
CASES = {
    "create, with every type of value": Case(
        body(CREATED), [item(message="create", attributes=PLAIN, changed=CHANGED, whole=True)]
    ),
    "update, with the images before and after": Case(
        body(
            context(
                "Update",
                UPDATE,
                PreEntityImages=pairs(
                    {"before": entity({"prioritycode": option(1), "title": "Sama", "ticketnumber": "CAS-1"})}
                ),
                PostEntityImages=pairs(
                    {
                        "AsynchronousStepPrimaryName": entity(
                            {"prioritycode": option(3), "ownerid": reference("systemuser", OWNER)},
                            {"prioritycode": "Low"},
                        )
                    }
                ),
            )
        ),
        [
            item(
                message="update",
                changed=["prioritycode"],
                attributes={
                    "prioritycode": {"value": "3", "name": "Low"},
                    "title": {"value": "Sama"},
                    "ticketnumber": {"value": "CAS-1"},
                    "incidentid": {"value": CASE_ID},
                    "ownerid": {"value": OWNER, "entity": "systemuser"},
                },
            )
        ],
    ),
    "update that sets the state": Case(
        body(context("Update", {"Target": entity(STATES)})),
        [item(message="state", attributes=RESOLVED, changed=["statecode", "statuscode"])],
    ),
    "assign": Case(
        body(
            context(
                "Assign",
                {"Target": reference("incident", CASE_ID), "Assignee": reference("team", OTHER_ID, "Tiimi")},
            )
        ),
        [
            item(
                message="assign",
                attributes={"ownerid": {"value": OTHER_ID, "name": "Tiimi", "entity": "team"}},
                changed=["ownerid"],
            )
        ],
    ),
    "set state": Case(
        body(
            context(
                "SetStateDynamicEntity",
                {"EntityMoniker": reference("incident", CASE_ID), "State": option(1), "Status": option(5)},
            )
        ),
        [item(message="state", attributes=RESOLVED, changed=["statecode", "statuscode"])],
    ),
    "close": Case(
        body(
            context(
                "Close",
                {
                    "IncidentResolution": entity(
                        {"incidentid": reference("incident", CASE_ID)}, name="incidentresolution"
                    ),
                    "Status": option(5),
                },
                PrimaryEntityId=NOBODY,
            )
        ),
        [item(message="state", attributes=RESOLVED, changed=["statecode", "statuscode"])],
    ),
    "delete, of which only the image before tells": Case(
        body(
            context(
                "Delete",
                {"Target": reference("incident", CASE_ID)},
                PreEntityImages=pairs({"before": entity({"title": "Pois"})}),
            )
        ),
        [item(message="delete", attributes={"title": {"value": "Pois"}})],
    ),
    "several at once": Case(
        body(
            context(
                "UpdateMultiple",
                {
                    "Targets": typed(
                        "EntityCollection",
                        EntityName="incident",
                        Entities=[entity({"title": "A"}), entity({"title": "B"}, id_=OTHER_ID)],
                    )
                },
                PrimaryEntityId=NOBODY,
            )
        ),
        [
            {
                **item(message="update", attributes={"title": {"value": "A"}}, changed=["title"]),
                "event": f"{OPERATION}:{STEP}:incident/{CASE_ID}",
            },
            {"thread": f"incident/{OTHER_ID}", "event": f"{OPERATION}:{STEP}:incident/{OTHER_ID}"},
        ],
    ),
    "something else, which only the row tells": Case(
        body(context("Merge", {"Target": reference("incident", CASE_ID), "SubordinateId": OTHER_ID})),
        [item(message="other", operation="Merge", partial=True)],
    ),
    "what was left out": Case(
        body(context("Update", {}, InputParameters=None, PreEntityImages=None, PostEntityImages=None)),
        [item(message="update", partial=True)],
    ),
    "a chain of automation": Case(
        body(context("Update", {"Target": entity({"title": "x"})}, Depth=2)),
        [
            item(
                message="update",
                attributes={"title": {"value": "x"}},
                changed=["title"],
                depth=2,
                passive=True,
            )
        ],
    ),
    "without __type, as relays write it again": Case(
        body(
            context(
                "Update",
                {
                    "Target": {
                        "Attributes": pairs(
                            {
                                "prioritycode": {"Value": 2},
                                "customerid": {"LogicalName": "account", "Id": CONTACT},
                            }
                        ),
                        "LogicalName": "incident",
                        "Id": CASE_ID,
                    }
                },
            )
        ),
        [
            item(
                message="update",
                attributes={
                    "prioritycode": {"value": "2"},
                    "customerid": {"value": CONTACT, "entity": "account"},
                },
                changed=["prioritycode", "customerid"],
            )
        ],
    ),
    "attributes that are no list of pairs": Case(
        body(
            context("Update", {"Target": {**entity({}), "Attributes": {"title": "x"}, "FormattedValues": 7}})
        ),
        [item(message="update", partial=True)],
    ),
    "a message of no record": Case(
        body(context("RetrieveMultiple", {}, PrimaryEntityId=NOBODY, PrimaryEntityName="none")),
        [{"kind": "unsupported", "thread": "records-1", "sender": {"id": "records-1"}}],
    ),
    "nothing": Case(b"{}", [{"kind": "unsupported", "thread": "records-1"}]),
}
