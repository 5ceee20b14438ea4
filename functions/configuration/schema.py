"""The JSON Schema (draft 2020-12) of the document, for editors: https://json-schema.org/draft/2020-12."""

from typing import Any

from functions.channels import CHANNELS, adapter
from functions.configuration.document import Document
from functions.configuration.rotation import BOTH, secret_names

Schema = dict[str, Any]
REFERENCE: Schema = {
    "type": "object",
    "properties": {"secret": {"type": "string", "description": "the name of a secret in Key Vault"}},
    "required": ["secret"],
    "additionalProperties": False,
}


def schema() -> Schema:
    """Describe the document, with the settings of each channel at each provider."""
    whole = Document.model_json_schema(by_alias=True)
    definitions: Schema = whole["$defs"]
    choices = [_choice(channel, provider, definitions) for channel, provider in CHANNELS]
    definitions["AccountEntry"]["allOf"] = choices
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Monikanava", **whole}


def _choice(channel: str, provider: str, definitions: Schema) -> Schema:
    name = f"{channel}-{provider}"
    settings = adapter(channel, provider).Settings.model_json_schema(
        by_alias=True, ref_template=f"#/$defs/{name}.{{model}}"
    )
    for part, definition in settings.pop("$defs", {}).items():
        definitions[f"{name}.{part}"] = _referable(definition)
    lists = secret_names(adapter(channel, provider).Settings)
    definitions[name] = _referable(settings)
    properties = definitions[name]["properties"]
    definitions[name]["properties"] = {
        key: _either(value) if key in lists else value for key, value in properties.items()
    }
    here = {"channel": {"const": channel}, "provider": {"const": provider}}
    return {
        "if": {"properties": here, "required": [*here]},
        "then": {"properties": {"settings": {"$ref": f"#/$defs/{name}"}}, "required": ["settings"]},
    }


def _either(schema: Schema) -> Schema:
    """Let a secret be a list of two while it is changed."""
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": BOTH, "maxItems": BOTH}]}


def _referable(schema: Any) -> Any:
    """Let every text that is a value be a reference to a secret as well."""
    if isinstance(schema, list):
        return [_referable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string":
        return {"anyOf": [schema, REFERENCE]}
    return {name: _referable(part) for name, part in schema.items()}
