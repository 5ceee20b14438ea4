"""Reading XML that a provider sent: no DTD, so no entities; bounded depth; as plain values of `payload`."""

from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from pydantic import JsonValue

from functions.errors import Invalid

DEPTH_LIMIT = 16  # levels; WeChat uses about five


class _WithoutDtd(TreeBuilder):
    """Entities, which expand without end or name files, are declared in a DTD only: none is let in."""

    def doctype(self, name: str, public: str | None, system: str | None) -> NoReturn:
        raise ValueError("a DTD")


def read_xml(body: bytes) -> dict[str, JsonValue]:
    """Give the root's children by name; raises Invalid when the body is no UTF-8 XML, or is hostile.

    An element is its text, or its children by name; repeated names make a list.
    """
    parser = XMLParser(target=_WithoutDtd())  # noqa: S314 (hardened right above)
    try:
        parser.feed(body.decode())
        root = parser.close()
    except (ValueError, ParseError):
        raise Invalid("the body is not plain UTF-8 XML") from None
    found = _value(root, DEPTH_LIMIT)
    return found if isinstance(found, dict) else {}


def _value(element: Element, depth: int) -> JsonValue:
    if len(element) == 0:
        return element.text or ""
    if depth == 0:
        raise Invalid(f"the XML is nested over {DEPTH_LIMIT} levels")
    found: dict[str, JsonValue] = {}
    for part in element:
        value = _value(part, depth - 1)
        before = found.get(part.tag)
        if part.tag not in found:
            found[part.tag] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            found[part.tag] = [before, value]
    return found
