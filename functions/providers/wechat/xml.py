"""Reading XML that a provider sent: no DTD, so no entities; bounded depth; as plain values of `payload`."""

from typing import NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

from pydantic import JsonValue

from functions.errors import Invalid

DEPTH_LIMIT = 16  # levels; WeChat uses about five
_UNREADABLE = "the body is not plain UTF-8 XML"


def read_xml(body: bytes) -> dict[str, JsonValue]:
    """Give the root's children by name; raises Invalid when the body is no UTF-8 XML, or is hostile.

    An element is its text, or its children by name; repeated names make a list.
    """
    values, parser = _Values(), ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = values.start
    parser.CharacterDataHandler = values.texts.append
    parser.EndElementHandler = values.end
    try:
        parser.Parse(body, True)
    except (ExpatError, ValueError):
        raise Invalid(_UNREADABLE) from None
    (found,) = values.open[0].values()
    return found if isinstance(found, dict) else {}


def _refuse(name: str, system: str | None, public: str | None, internal: bool) -> NoReturn:
    """Entities, which expand without end or name files, are declared in a DTD only: none is let in."""
    raise Invalid(_UNREADABLE)


class _Values:
    """What was read so far: the children of each element that is still open, and the latest text."""

    def __init__(self) -> None:
        self.open: list[dict[str, JsonValue]] = [{}]
        self.texts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) > DEPTH_LIMIT:
            raise Invalid(f"the XML is nested over {DEPTH_LIMIT} levels")
        self.open.append({})
        self.texts.clear()

    def end(self, name: str) -> None:
        value: JsonValue = self.open.pop() or "".join(self.texts)
        self.texts.clear()
        siblings = self.open[-1]
        before = siblings.get(name)
        if before is None:
            siblings[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            siblings[name] = [before, value]
