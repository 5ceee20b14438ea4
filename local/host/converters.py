"""The azure-functions library's own converters between the data of a binding and Python values."""

from typing import Any

from azure.functions import meta


def converter(binding: str) -> Any:
    """Give the converter of a kind of binding, such as `httpTrigger`; this host's kinds all have one."""
    return meta.get_binding_registry().get(binding)  # type: ignore[no-untyped-call]
