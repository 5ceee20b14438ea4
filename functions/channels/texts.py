"""Texts of the business for its customers: one for everybody, or one for each language."""

from collections.abc import Mapping

Texts = str | Mapping[str, str]


def said(texts: Texts, locale: str) -> str:
    """Choose the text for a locale such as fi-FI: its own, its language's, English, or the first one."""
    if isinstance(texts, str):
        return texts
    names = (locale, locale.partition("-")[0].lower(), "en")
    return next((texts[name] for name in names if name in texts), next(iter(texts.values()), ""))
