"""Other people's readers as judges: the npm packages of tests/judges, run by node.

A test that asks for one is skipped, with a word, where node, npm or the network is missing.
"""

import functools
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

JUDGES = Path(__file__).resolve().parent / "judges"
_OFFLINE = ("EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "E403", "E404", "EHOSTUNREACH")


@dataclass(frozen=True)
class GltfReport:
    """What the Khronos validator says of a file.

    errors, warnings, infos: how many.  messages: one line each, "CODE pointer: text", errors first.  raw: all it said.
    """

    errors: int
    warnings: int
    infos: int
    messages: tuple[str, ...]
    raw: dict


def gltf_report(path: Path) -> GltfReport:
    """The Khronos validator's opinion of a .gltf or .glb file; a file that it cannot even start on fails the test."""
    report = json.loads(node("validate_gltf.mjs", path))
    issues = report["issues"]
    messages = sorted(issues["messages"], key=lambda message: message["severity"])
    lines = tuple(f"{m['code']} {m.get('pointer', m.get('offset', ''))}: {m['message']}" for m in messages)
    return GltfReport(issues["numErrors"], issues["numWarnings"], issues["numInfos"], lines, report)


def node(script: str, *arguments: object, timeout_s: float = 120) -> str:
    """Run a script of tests/judges; its standard output."""
    node_modules()
    command = [program("node"), str(JUDGES / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=timeout_s)
    assert done.returncode == 0, f"{script}: {done.stderr[-2000:]}"
    return done.stdout


def node_modules() -> Path:
    """The folder of the npm packages, installed on first use exactly as package-lock.json says."""
    if not _fetched():
        pytest.skip("The npm packages cannot be fetched: offline.")
    return JUDGES / "node_modules"


@functools.cache
def _fetched() -> bool:
    """Whether the packages are there. They are put together aside and moved into place in one step, so that two test
    workers can do so at once."""
    place = JUDGES / "node_modules"
    if _installed(place):
        return True
    npm = program("npm")
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=JUDGES) as folder:
        aside = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(JUDGES / name, aside)
        command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        done = subprocess.run(command, cwd=aside, capture_output=True, encoding="utf-8", errors="replace", timeout=300)
        if done.returncode and any(code in done.stderr for code in _OFFLINE):
            return False
        assert done.returncode == 0, done.stderr[-2000:]
        if not _installed(place):  # another worker may have been faster
            if place.exists():
                place.rename(aside / "outdated")
            (aside / "node_modules").rename(place)
    return True


def _installed(place: Path) -> bool:
    """Whether the folder holds what the lock file asks for; npm leaves its own list of what it put there."""
    if not (place / ".package-lock.json").is_file():
        return False
    wanted, found = (
        {name: package["version"] for name, package in json.loads(file.read_text("utf-8"))["packages"].items() if name}
        for file in (JUDGES / "package-lock.json", place / ".package-lock.json")
    )
    return wanted == found


def program(*names: str) -> str:
    """The path of the first of these programs that is there; the test is skipped where none is."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"{names[0]} is missing.")
    return found
