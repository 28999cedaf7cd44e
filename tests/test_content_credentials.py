"""Films are signed on request: the signature holds, the film stays what it was, bad keys are refused at once."""

import datetime
import json
import sys
from pathlib import Path

import av
import numpy as np
import pytest

c2pa = pytest.importorskip("c2pa")
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: E402

from apps.cli import main  # noqa: E402
from dreamtalk.content_credentials import ContentCredentials  # noqa: E402
from dreamtalk.errors import OptionError  # noqa: E402
from dreamtalk.provenance import SOURCE_TYPE, STATEMENT  # noqa: E402
from dreamtalk.video import write_video  # noqa: E402

KEYS = {
    "EC": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


def certificate(name: str, own: object, issuer: str, signer: object) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        kinds = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        return x509.Name([x509.NameAttribute(kind, text) for kind in kinds])

    authority, now = name == issuer, datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder(named(issuer), named(name), own.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **usage), True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return builder.sign(signer, hashes.SHA256())


def signer(folder: Path, kind: str = "EC") -> ContentCredentials:
    """A test authority and one signer of the given kind of key."""
    root, own = KEYS["EC"](), KEYS[kind]()
    chain = (certificate("Signer", own, "Root", root), certificate("Root", root, "Root", root))
    pem = serialization.Encoding.PEM
    (folder / "chain.pem").write_bytes(b"".join(one.public_bytes(pem) for one in chain))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(own.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return ContentCredentials(folder / "chain.pem", folder / "key.pem")


def frames() -> list[np.ndarray]:
    return list(np.random.default_rng(3).integers(0, 256, (5, 32, 48, 3), np.uint8))


def findings(film: Path) -> tuple[dict, set[str]]:
    """The manifest, and what the reader objects to."""
    report = json.loads(c2pa.Reader(str(film)).json())
    return report["manifests"][report["active_manifest"]], {one["code"] for one in report.get("validation_status", [])}


@pytest.mark.parametrize("kind", KEYS)
def test_a_signed_film_holds_its_frames_and_a_valid_manifest(tmp_path: Path, kind: str) -> None:
    film = tmp_path / "out.mp4"
    write_video(film, frames(), 25, lossless=True, credentials=signer(tmp_path, kind))
    manifest, objections = findings(film)
    assert objections <= {"signingCredential.untrusted"}  # a test authority is on no trust list
    assert manifest["claim_generator_info"][0]["name"] == "dreamtalk" and SOURCE_TYPE in json.dumps(manifest)
    with av.open(str(film), options={"export_xmp": "1"}) as opened:
        assert STATEMENT in opened.metadata["comment"] and SOURCE_TYPE in opened.metadata["xmp"]
        came = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    assert np.array_equal(came, frames())


def test_a_changed_film_is_found_out(tmp_path: Path) -> None:
    film = tmp_path / "out.mp4"
    write_video(film, frames(), 25, credentials=signer(tmp_path))
    content = bytearray(film.read_bytes())
    content[content.rindex(b"mdat") + 200] ^= 1
    film.write_bytes(content)
    assert "assertion.bmffHash.mismatch" in findings(film)[1]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "key.pem").unlink(), "key.pem cannot be read"),
        (lambda folder: (folder / "key.pem").write_text("no key"), "not a private key"),
        (lambda folder: (folder / "chain.pem").write_text("no chain"), "chain.pem and "),
    ],
)
def test_bad_signers_are_refused_before_any_work(
    tmp_path: Path, spoil, says: str, stub_talk, speech: Path, capsys
) -> None:
    signer(tmp_path)
    spoil(tmp_path)
    sign = ["--sign", str(tmp_path / "chain.pem"), str(tmp_path / "key.pem")]
    assert main(["animate", str(speech), *sign, "-o", str(tmp_path / "a.mp4")]) == 2
    told = capsys.readouterr().err
    assert says in told and told.count("\n") == 1 and stub_talk.requests == []
    assert not (tmp_path / "a.mp4").exists()


def test_the_command_signs(tmp_path: Path, stub_talk, speech: Path) -> None:
    signer(tmp_path)
    sign = ["--sign", str(tmp_path / "chain.pem"), str(tmp_path / "key.pem")]
    assert main(["animate", str(speech), *sign, "-o", str(tmp_path / "a.mp4")]) == 0
    assert findings(tmp_path / "a.mp4")[1] <= {"signingCredential.untrusted"}


def test_without_the_library_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(OptionError, match=r"pip install 'dreamtalk\[c2pa\]'"):
        ContentCredentials(tmp_path / "a", tmp_path / "b").check()
