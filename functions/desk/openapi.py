"""The API's OpenAPI 3.1 document, made from the table of routes (https://spec.openapis.org/oas/v3.1.0)."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from functions.desk.call import File, JsonLines, Nothing, Streamed, Yaml
from functions.desk.problems import CONTENT_TYPE, ProblemDetails
from functions.desk.records import RecordPath
from functions.desk.route import EVENT_STREAM, JSON_LINES, PREFIX, YAML, Header, Route

VERSION = "1"
REF = "#/components/schemas/{model}"
Json = dict[str, Any]
TEXT: Json = {"type": "string"}
_RECORD: Json = RecordPath.model_json_schema()["properties"]
PATH_SCHEMAS: Mapping[str, Json] = {"entity": _RECORD["entity"], "recordId": _RECORD["id"]}
Schemas = Mapping[tuple[Any, JsonSchemaMode], Json]


def describe(routes: Iterable[Route[Any, Any, Any]]) -> Json:
    """Describe every route; paths are below the server's `/api`."""
    table = list(routes)
    schemas, components = _schemas(table)
    paths: dict[str, Json] = {}
    for route in table:
        operation = _operation(route, schemas, components)
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Monikanava desk API",
            "version": VERSION,
            "description": "Conversations for agents, configuration for administrators.",
        },
        "servers": [{"url": PREFIX.rstrip("/")}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {"Problem": _problem(schemas)},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas(routes: list[Route[Any, Any, Any]]) -> tuple[Schemas, dict[str, Json]]:
    used: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemDetails, "validation"): None}
    for route in routes:
        used |= {(route.query, "validation"): None, (route.body, "validation"): None}
        used[route.reply, "serialization"] = None
    wanted = [key for key in used if not issubclass(key[0], Nothing | File | Yaml | JsonLines)]
    schemas, definitions = models_json_schema(wanted, ref_template=REF)
    return schemas, definitions["$defs"]


def _operation(route: Route[Any, Any, Any], schemas: Schemas, components: dict[str, Json]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.path.partition("/")[0]],
        "security": [{"token": [route.role]}] if route.role else [],
        "parameters": [*_path(route), *_query(route, schemas, components), *_headers(route)],
        "responses": {
            **{str(status): _success(route, status, schemas) for status in route.statuses},
            "4XX": {"$ref": "#/components/responses/Problem"},
            "5XX": {"$ref": "#/components/responses/Problem"},
        },
    }
    if route.body is not Nothing:
        content = _content(route.body, "validation", schemas)
        operation["requestBody"] = {"required": _needed(route.body), "content": content}
    return operation


def _needed(body: type[BaseModel]) -> bool:
    """Tell whether something must be said: JSON whose fields all have defaults may be left out."""
    text = issubclass(body, Yaml | JsonLines)
    return text or any(field.is_required() for field in body.model_fields.values())


def _path(route: Route[Any, Any, Any]) -> list[Json]:
    names = re.findall(r"{(\w+)}", route.path)
    return [
        {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS.get(name, TEXT)}
        for name in names
    ]


def _query(route: Route[Any, Any, Any], schemas: Schemas, components: dict[str, Json]) -> list[Json]:
    if route.query is Nothing:
        return []
    reference: str = schemas[route.query, "validation"]["$ref"]
    model = components[reference.rpartition("/")[2]]
    required = model.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in model["properties"].items()
    ]


def _headers(route: Route[Any, Any, Any]) -> list[Json]:
    return [
        {
            "name": header.name,
            "in": "header",
            "required": header.required,
            "description": header.meaning,
            "schema": _header(header),
        }
        for header in route.headers
    ]


def _header(header: Header) -> Json:
    return {**TEXT, "pattern": r"\S", "maxLength": header.limit} if header.limit else TEXT


def _success(route: Route[Any, Any, Any], status: int, schemas: Schemas) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase}
    if route.reply is not Nothing:
        answer["content"] = _content(route.reply, "serialization", schemas, route.media)
    return answer


def _content(
    model: type[BaseModel], mode: JsonSchemaMode, schemas: Schemas, media: str = "application/json"
) -> Json:
    if issubclass(model, Yaml):
        # Of YAML, the values are described: GET configuration/schema tells them all.
        return {YAML: {"schema": {"type": "object"}}}
    if issubclass(model, JsonLines):
        return {JSON_LINES: {"schema": TEXT}}
    if issubclass(model, File):
        return {"*/*": {}}
    streamed = {EVENT_STREAM: {"schema": TEXT}} if issubclass(model, Streamed) else {}
    return {media: {"schema": schemas[model, mode]}, **streamed}


def _problem(schemas: Schemas) -> Json:
    content = {CONTENT_TYPE: {"schema": schemas[ProblemDetails, "validation"]}}
    return {"description": "A refusal, or an error of ours (RFC 9457).", "content": content}
