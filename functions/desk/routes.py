"""The one table of the desk's routes: Azure's functions and the OpenAPI document are both made from it."""

from functools import cache
from typing import Any

from pydantic import RootModel

from functions.desk import (
    accounts,
    attachments,
    calls,
    configuration,
    conversations,
    customers,
    directory,
    events,
    explain,
    health,
    identities,
    importing,
    moves,
    notes,
    parked,
    records,
    replies,
)
from functions.desk.call import Call, Nothing, Reply, Role
from functions.desk.idempotency import KEY_LIMIT
from functions.desk.openapi import describe
from functions.desk.route import Header, Route
from functions.services import Services

JSON_SCHEMA = "application/schema+json"
AGENT, ADMINISTRATOR, ANYBODY = Role.AGENT, Role.ADMINISTRATOR, None
ATTACHMENT = "conversations/{id}/messages/{message}/attachments/{index}"
IDENTITY = "identities/{channel}/{account}/{id}"
CUSTOMER = "customers/{channel}/{account}/{id}"
KEY = Header(
    "Idempotency-Key", True, "A new value for each message, the same when it is repeated.", KEY_LIMIT
)
LAST_EVENT = Header(
    "Last-Event-ID", False, "What an EventSource sends when it comes again; `after` is ignored."
)
MATCH = Header("If-Match", False, "The ETag of the version that was edited; another version is refused.")


class OpenApi(RootModel[dict[str, Any]]):
    """An OpenAPI document."""


async def get_openapi(call: Call[Nothing, Nothing], services: Services) -> Reply[OpenApi]:
    """Give this API's OpenAPI document."""
    return Reply(_openapi())


@cache
def _openapi() -> OpenApi:
    return OpenApi(describe(ROUTES))


ROUTES: tuple[Route[Any, Any, Any], ...] = (
    Route("GET", "conversations", AGENT, conversations.list_conversations),
    Route("GET", "agents/{agent}/conversations", AGENT, conversations.list_agent_conversations),
    Route("GET", "conversations/{id}", AGENT, conversations.get_conversation),
    Route("GET", "conversations/{id}/messages", AGENT, conversations.list_messages),
    Route("POST", "conversations/{id}/messages", AGENT, replies.post_reply, (202, 200), (KEY,)),
    Route("GET", "conversations/{id}/messages/{message}", AGENT, conversations.get_message),
    Route("GET", ATTACHMENT, AGENT, attachments.get_attachment),
    Route("POST", f"{ATTACHMENT}/fetch", AGENT, attachments.fetch_attachment, (202,)),
    Route("POST", "conversations/{id}/accept", AGENT, moves.accept_conversation),
    Route("POST", "conversations/{id}/end", AGENT, moves.end_conversation),
    Route("POST", "conversations/{id}/close", AGENT, moves.close_conversation),
    Route("POST", "conversations/{id}/transfer", AGENT, moves.transfer_conversation),
    Route("POST", "conversations/{id}/state", AGENT, moves.change_state),
    Route("POST", "conversations/{id}/typing", AGENT, notes.post_typing, (202,)),
    Route("POST", "conversations/{id}/notes", AGENT, notes.post_note, (201, 200), (KEY,)),
    Route("GET", "conversations/{id}/events", AGENT, events.follow_conversation, headers=(LAST_EVENT,)),
    Route("PUT", "conversations/{id}/links/{entity}/{recordId}", AGENT, records.put_link),
    Route("DELETE", "conversations/{id}/links/{entity}/{recordId}", AGENT, records.delete_link),
    Route("GET", IDENTITY, AGENT, identities.get_identity),
    Route("POST", f"{IDENTITY}/merge", AGENT, identities.merge_identity),
    Route("POST", f"{IDENTITY}/unmerge", AGENT, identities.unmerge_identity),
    Route("GET", f"{CUSTOMER}/export", ADMINISTRATOR, customers.export_customer),
    Route("DELETE", CUSTOMER, ADMINISTRATOR, customers.erase_customer),
    Route("GET", "records/{entity}/{recordId}", AGENT, records.get_record),
    Route("PUT", "records/{entity}/{recordId}", ADMINISTRATOR, records.put_record),
    Route("POST", "records/import", ADMINISTRATOR, importing.import_records),
    Route("DELETE", "records/{entity}/{recordId}", ADMINISTRATOR, records.delete_record, (204,)),
    Route("GET", "records/{entity}/{recordId}/conversations", AGENT, records.list_record_conversations),
    Route("GET", "configuration", ADMINISTRATOR, configuration.get_configuration),
    Route("PUT", "configuration", ADMINISTRATOR, configuration.put_configuration, headers=(MATCH,)),
    Route("POST", "configuration/validate", ADMINISTRATOR, configuration.validate_configuration),
    Route("POST", "configuration/diff", ADMINISTRATOR, configuration.diff_configuration),
    Route("POST", "configuration/explain", ADMINISTRATOR, explain.explain_routing),
    Route("GET", "configuration/schema", ADMINISTRATOR, configuration.get_schema, media=JSON_SCHEMA),
    Route("GET", "workstreams", AGENT, directory.list_workstreams),
    Route("GET", "agent-queues", AGENT, directory.list_agent_queues),
    Route("GET", "accounts", ADMINISTRATOR, accounts.list_accounts),
    Route("GET", "accounts/{id}/handshake", ADMINISTRATOR, accounts.get_handshake),
    Route("GET", "accounts/{id}/manifest", ADMINISTRATOR, accounts.get_manifest),
    Route("POST", "calls", AGENT, calls.post_call, (201, 200), (KEY,)),
    Route("GET", "calls/{id}", AGENT, calls.get_call),
    Route("POST", "calls/{id}/hangup", AGENT, calls.hang_up_call),
    Route("GET", "parked", ADMINISTRATOR, parked.list_parked),
    Route("GET", "parked/{id}", ADMINISTRATOR, parked.get_parked),
    Route("POST", "parked/{id}/replay", ADMINISTRATOR, parked.replay_parked),
    Route("DELETE", "parked/{id}", ADMINISTRATOR, parked.discard_parked, (204,)),
    Route("GET", "capabilities", AGENT, accounts.list_capabilities),
    Route("GET", "health", ANYBODY, health.get_health, (200, 503)),
    Route("GET", "openapi.json", ANYBODY, get_openapi),
)
