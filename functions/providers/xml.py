"""Reading XML that a provider sent: no DTD, no entities, bounded depth; as the plain values of `payload`."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import JsonValue

from functions.errors import Invalid

DEPTH_LIMIT = 16  # levels; WeChat uses about five


def read_xml(body: bytes) -> dict[str, JsonValue]:
    """Give the root's children by name; raises Invalid when the body is no UTF-8 XML, or is hostile.

    An element is its text, or its children by name; repeated names make a list.
    """
    try:
        root = fromstring(body.decode(), forbid_dtd=True)
    except (ValueError, ParseError, DefusedXmlException):
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
