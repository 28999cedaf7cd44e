"""Name of a network -> folder of its shipped weights, checked against the hashes that were shipped with them.

Each folder under dreamtalk/data/weights holds config.json, model.safetensors and CARD.md; manifest.json beside them
holds the SHA-256 of the first two. `python scripts/hash_weights.py` rewrites it after training.
"""

import hashlib
import json
import os
from importlib.resources import files
from pathlib import Path

from dreamtalk.errors import WeightsError

VARIABLE = "DREAMTALK_WEIGHTS"
HASHED_FILES = ("config.json", "model.safetensors")
MANIFEST = "manifest.json"
_REINSTALL = "install dreamtalk again"


def shipped_folder() -> Path:
    """The folder of the weights that come with the package."""
    return Path(str(files("dreamtalk") / "data" / "weights"))


def resolve(name: str) -> Path:
    """Folder of the weights called `name`, with config.json and model.safetensors in it.

    A folder `name` inside the one that DREAMTALK_WEIGHTS names comes first and is taken as it is (weights of one's own
    have no known hash); else the shipped one, every byte checked. Raises WeightsError where the name is unknown, a file
    is missing or a hash differs.
    """
    own = os.environ.get(VARIABLE)
    if own:
        if not Path(own).is_dir():
            raise WeightsError(f"{VARIABLE} names {own}, which is no folder; correct or unset it.")
        if (Path(own) / name).is_dir():
            return _complete(Path(own) / name, f"complete it or unset {VARIABLE}")
    return verified(shipped_folder(), name)


def verified(root: Path, name: str) -> Path:
    """The folder root/name once its files match root/manifest.json; raises WeightsError where they do not."""
    known = read_manifest(root)
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise WeightsError(f"There are no weights called {name!r}; known are: {listed}.")
    folder = _complete(root / name, _REINSTALL)
    for file, expected in known[name].items():
        found = sha256(folder / file)
        if found != expected:
            raise WeightsError(
                f"The weights {name}/{file} are altered (SHA-256 {found[:12]}, expected {expected[:12]}): {_REINSTALL},"
                f" or put your own under the folder that {VARIABLE} names."
            )
    return folder


def _complete(folder: Path, cure: str) -> Path:
    for file in HASHED_FILES:
        if not (folder / file).is_file():
            raise WeightsError(f"The weights {folder.name} lack {file} in {folder}; {cure}.")
    return folder


def read_manifest(root: Path) -> dict[str, dict[str, str]]:
    """The hashes of root/manifest.json: network -> file -> SHA-256 in hex."""
    try:
        return json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise WeightsError(f"The list of weights {root / MANIFEST} is missing or broken; {_REINSTALL}.") from None


def hash_folder(root: Path) -> dict[str, dict[str, str]]:
    """What the manifest of `root` should say, from the files that lie there."""
    folders = sorted(path for path in root.iterdir() if (path / "model.safetensors").is_file())
    return {folder.name: {file: sha256(folder / file) for file in HASHED_FILES} for folder in folders}


def sha256(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
