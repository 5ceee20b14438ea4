"""Media types are told by the bytes; what is declared only refines them, or names a text."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.media.sniff import UNKNOWN, content_type
from tests.media.samples import PNG

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(50)
PDF = b"%PDF-1.7\n" + b"x" * 50
OGG = b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead" + bytes(50)
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(50)
EXE = b"MZ\x90\x00\x03" + bytes(60)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "Hyvää päivää\n".encode()


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name in names:
            opened.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("head", "declared", "expected"),
    [
        (PNG, "image/png", "image/png"),
        (PNG, "image/jpeg", "image/png"),
        (PNG, "text/html", "image/png"),
        (JPEG, "", "image/jpeg"),
        (PDF, "application/octet-stream", "application/pdf"),
        (OGG, "audio/ogg; codecs=opus", "audio/ogg"),
        (MP4, "audio/mp4", "audio/mp4"),
        (MP4, "image/png", "video/mp4"),
        (EXE, "image/png", "application/x-msdownload"),
        (archive("a.txt"), WORD, WORD),
        (archive("a.txt"), "image/png", "application/zip"),
        (TEXT, "text/plain; charset=utf-8", "text/plain"),
        (TEXT, "text/csv", "text/csv"),
        (TEXT, "TEXT/VCARD", "text/vcard"),
        (TEXT, "application/json", "application/json"),
        (TEXT, "image/jpeg", UNKNOWN),
        (TEXT, "", UNKNOWN),
        (TEXT, "text/plain\r\nSet-Cookie: a=b", UNKNOWN),
        (b"<html><script>alert(1)</script>", "text/html", "text/plain"),
        (b"<svg onload='alert(1)'/>", "image/svg+xml", "text/plain"),
        (b"alert(1)", "application/javascript", "text/plain"),
        (b"alert(1)", "text/jscript", "text/plain"),
        (b"alert(1)", "text/livescript", "text/plain"),
        (b"alert(1)", "text/x-javascript", "text/plain"),
        (b"alert(1)", "text/javascript1.5", "text/plain"),
        (b"* {display: none}", "text/css", "text/plain"),
        (b"\xff\xfe\x00\x01\x02\x03\x04\x05", "text/plain", UNKNOWN),
        (b"a\x00b", "text/plain", UNKNOWN),
        (b"", "image/png", UNKNOWN),
    ],
)
def test_the_bytes_decide(head: bytes, declared: str, expected: str) -> None:
    assert content_type(head, declared) == expected


def test_a_character_that_the_end_cuts_in_two_is_no_fault() -> None:
    assert content_type("ää".encode()[:-1], "text/plain") == "text/plain"


@given(st.binary(max_size=600), st.text(max_size=60))
def test_any_bytes_give_a_type_that_is_safe_in_a_header(head: bytes, declared: str) -> None:
    found = content_type(head, declared)
    assert found.isascii()
    assert found.isprintable()
    assert "/" in found
    assert "html" not in found
