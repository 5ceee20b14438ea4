"""How people write a phone number: columns of Dataverse are free text, and a query compares text. Pure."""

import phonenumbers
from phonenumbers import PhoneNumberFormat


def spellings(number: str) -> tuple[str, ...]:
    """Give the usual spellings of an E.164 number, each once; only itself when it cannot be read."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return (number,)
    international = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    digits = number.removeprefix("+")
    found = (
        number,
        digits,
        f"00{digits}",
        international,
        national,
        _bare(national),
        national.replace(" ", "-"),
    )
    return tuple(dict.fromkeys(found))


def _bare(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
