"""Private keys that the platform makes for itself, in files: none is in the repository."""

import contextlib
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def kept_key(path: Path) -> rsa.RSAPrivateKey:
    """Give the RSA key of a PEM file, which is made at the first use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key")
    return key


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """Give a key as PKCS #8."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _make(path: Path) -> None:
    """Write a new key, for the owner's eyes only; of two processes that start at once one wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(pem(rsa.generate_private_key(65537, 2048)))
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
