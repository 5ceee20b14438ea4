"""Phone numbers in one form, E.164, so that two spellings of one number compare equal.

Follows https://github.com/google/libphonenumber by its Python port, `phonenumbers`.
"""

import phonenumbers

LONGEST = 64  # characters; no spelling of a number needs more


def e164(text: str, region: str | None = None) -> str | None:
    """Give the number as +358401234567; None when it is none.

    `region` (ISO 3166, such as FI) is for numbers without a country code; without it those are none.
    """
    spelled = text.strip()
    if len(spelled) > LONGEST:
        return None
    try:
        number = phonenumbers.parse(spelled, region)
    except phonenumbers.NumberParseException:
        return None
    # Who writes the country code means a number; a guess from a region must be right, or a short code is one.
    sure = spelled.startswith("+") or region is None
    fits = phonenumbers.is_possible_number if sure else phonenumbers.is_valid_number
    if not fits(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalised(text: str, region: str | None = None) -> str:
    """Give E.164 where it can be had, else the text as it is."""
    return e164(text, region) or text


def known_region(region: str) -> bool:
    """Tell whether numbers can be read by this region's rules."""
    return region in phonenumbers.SUPPORTED_REGIONS
