"""What a medium is, by its first bytes: a header may say anything, and a browser may believe it.

Formats with a signature are told by `filetype`. What has none (plain text, CSV, vCard …) keeps the type it
was declared with, if that is a text and the bytes are one; everything else is `application/octet-stream`.
"""

import re

import filetype

HEAD = 8192  # bytes to look at
UNKNOWN = "application/octet-stream"
# Declared types that are more precise than what the bytes of their container tell.
CONTAINERS = {
    "application/zip": re.compile(r"application/(vnd\.[\w.+-]+|epub\+zip|java-archive)"),
    "video/mp4": re.compile(r"audio/(mp4|x-m4a|aac)|video/(quicktime|3gpp2?|x-m4v)|audio/3gpp2?"),
    "audio/mp4": re.compile(r"video/mp4|audio/x-m4a"),
    "video/webm": re.compile(r"audio/webm|video/x-matroska"),
    "video/x-matroska": re.compile(r"(audio|video)/webm"),
    "audio/ogg": re.compile(r"video/ogg|application/ogg|audio/opus"),
    "application/x-ole-storage": re.compile(r"application/(msword|vnd\.ms-[\w.+-]+)"),
}
# Texts that a browser would run, in case one is ever shown and not saved.
# (JavaScript has a dozen of names: https://mimesniff.spec.whatwg.org/#javascript-mime-type.)
ACTIVE = re.compile(r".*script.*|text/(html|css|xml|xsl|x-component)|.*(\+xml|/xml|/xhtml.*)")
TEXTS = re.compile(r"text/[\w.+-]+|application/(json|[\w.+-]+\+json|rtf|x-yaml|yaml)")
MIME = re.compile(r"[a-z]+/[\w.+-]+", re.ASCII)


def content_type(head: bytes, declared: str) -> str:
    """Give the media type of a content that begins with `head`; `declared` is what somebody says it is."""
    said = declared.partition(";")[0].strip().lower()
    said = said if MIME.fullmatch(said) else ""
    found = filetype.guess_mime(head)
    if found:
        refined = found in CONTAINERS and CONTAINERS[found].fullmatch(said)
        return said if refined else str(found)
    if not _is_text(head):
        return UNKNOWN
    if ACTIVE.fullmatch(said):
        return "text/plain"
    return said if TEXTS.fullmatch(said) else UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The end may have cut a character in two.
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    return "\0" not in text
