"""Signed Content Credentials (C2PA) in a film: who vouches for it, and that a model made it.

The signer is the user's: a certificate chain and its private key. A chain that no trust list knows still shows that the
film was not changed since. Needs `pip install "dreamtalk[c2pa]"`.
"""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from dreamtalk.errors import OptionError
from dreamtalk.provenance import SOURCE_TYPE, tool
from rig.safe_file import written_beside

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class ContentCredentials:
    """What films are signed with.

    certificates: a PEM file, the signer's certificate first, then those above it. key: the private key, a PEM file
    without a password (EC, RSA or Ed25519).
    """

    certificates: Path
    key: Path

    def check(self) -> None:
        """Sign one pixel, so that what is amiss is found before a film is drawn. Raises OptionError."""
        pixel = BytesIO()
        Image.new("RGB", (1, 1)).save(pixel, "png")
        self._sign("image/png", BytesIO(pixel.getvalue()), BytesIO())

    def sign(self, path: Path) -> None:
        """Put a signed manifest into an .mp4, whole or not at all. Raises OptionError."""
        with written_beside(path) as beside, path.open("rb") as source, beside.open("w+b") as signed:
            self._sign("video/mp4", source, signed)

    def _sign(self, mime_type: str, source: BinaryIO, signed: BinaryIO) -> None:
        c2pa = _library()
        chain, key = _read(self.certificates), _read(self.key)
        algorithm = _algorithm(key, self.key)
        name, _, version = tool().partition(" ")
        generator = {"name": name} | ({"version": version} if version else {})
        action = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
        manifest = {
            "claim_generator_info": [generator],
            "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
        }
        try:
            signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm, chain, key, None))
            c2pa.Builder(json.dumps(manifest)).sign(signer, mime_type, source, signed)
        except c2pa.C2paError as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise OptionError(
                f"Films cannot be signed with {self.certificates} and {self.key} ({reason}); give the signer's "
                "certificate chain and its private key as PEM files."
            ) from None


def _library() -> Any:
    try:
        import c2pa
    except ImportError:
        raise OptionError("Signing needs the library c2pa; install it by: pip install 'dreamtalk[c2pa]'.") from None
    return c2pa


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OptionError(f"{path} cannot be read ({error.strerror}); give a PEM file.") from None


def _algorithm(key: bytes, path: Path) -> bytes:
    """C2PA's name of the signature that a private key makes."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError):
        raise OptionError(f"{path} is not a private key without a password; give a PEM file of one.") from None
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return _CURVES[private.curve.name].encode()
    if isinstance(private, rsa.RSAPrivateKey):
        return b"ps256"
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    raise OptionError(f"{path} is a key of a kind that C2PA does not take; give an EC, RSA or Ed25519 key.")
