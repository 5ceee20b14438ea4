"""Contacts as vCards 3.0 (RFC 2426), for providers that send them in words of their own."""

from collections.abc import Iterable


def vcard(
    first: str, last: str, name: str = "", phones: Iterable[str] = (), emails: Iterable[str] = ()
) -> str:
    """Write a card; `name` is the formatted one, else it is built of the others."""
    shown = name or f"{first} {last}".strip()
    lines = (
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:{_escaped(last)};{_escaped(first)};;;",
        f"FN:{_escaped(shown)}",
    )
    tel = (f"TEL:{_escaped(phone)}" for phone in phones)
    mail = (f"EMAIL:{_escaped(email)}" for email in emails)
    return "\r\n".join((*lines, *tel, *mail, "END:VCARD", ""))


def _escaped(value: str) -> str:
    for character in "\\;,":
        value = value.replace(character, "\\" + character)
    return " ".join(value.splitlines())
