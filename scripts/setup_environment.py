"""Make .venv ready: PyTorch first, then dreamtalk (editable) with the extras asked for, then the system GL libraries.

    python3 scripts/setup_environment.py [--extra demo] [--extra test]

Runs on the bare standard library. What was installed is remembered in .venv/dreamtalk-setup.json, so a second run
with the same pyproject.toml returns at once.
"""

import argparse
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "dreamtalk-setup.json"
TORCH = "torch==2.13.0"

# What moderngl, MediaPipe and OpenCV load, and the Debian packages that bring it. libgl1-mesa-dri holds the software
# renderer, which no soname names: without it a context opens on machines with a GPU driver only.
GL_LIBRARIES = ("libEGL.so.1", "libGL.so.1", "libGLESv2.so.2", "libglib-2.0.so.0", "libgthread-2.0.so.0")
GL_PACKAGES = ("libegl1", "libgl1", "libgl1-mesa-dri", "libgles2", "libglib2.0-0")
GL_PROBE = "import moderngl; moderngl.create_standalone_context(backend='egl').release()"


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def interpreter(python: Path | str) -> str:
    """Which Python that is, down to its build; empty where it does not run."""
    code = "import sys; print(sys.base_prefix, sys.version)"
    try:
        return subprocess.run([str(python), "-c", code], capture_output=True, text=True).stdout
    except OSError:
        return ""


def fingerprint() -> str:
    """What an installation depends on: our requirements, this script, the interpreter and the place of the checkout."""
    digest = hashlib.sha256()
    for part in (ROOT / "pyproject.toml", Path(__file__)):
        digest.update(part.read_bytes())
    digest.update(f"{sys.base_prefix} {sys.version} {ROOT}".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Stamp:
    """What .venv holds, as remembered beside it."""

    fingerprint: str
    extras: tuple[str, ...]
    gl: bool

    @staticmethod
    def read() -> "Stamp | None":
        try:
            fields = json.loads(STAMP.read_text(encoding="utf-8"))
            stamp = Stamp(fields["fingerprint"], tuple(fields["extras"]), fields["gl"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return stamp if venv_python().exists() else None

    def write(self) -> None:
        STAMP.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def make_venv() -> None:
    """An empty .venv, unless there is one of this very Python: two interpreters in one folder do not work."""
    if interpreter(venv_python()) == interpreter(sys.executable):
        return
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if done.returncode == 0:
        return
    detail = (done.stdout + done.stderr).strip()
    if "ensurepip" in detail:  # Debian and Ubuntu keep it apart from python3
        raise SystemExit("setup: this Python has no venv module; run: apt-get install -y python3-venv")
    last_line = detail.splitlines()[-1] if detail else "no reason given"
    raise SystemExit(f"setup: Python could not make {VENV.name}: {last_line}")


def pip_install(*requirements: str) -> None:
    # A person sees pip's own progress; a log gets errors only.
    loudness = [] if sys.stderr.isatty() else ["-qq"]
    command = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", *loudness, *requirements]
    if subprocess.run(command, cwd=ROOT).returncode:
        raise SystemExit(f"setup: pip could not install {' '.join(requirements)}; its own message stands above.")


def install(extras: set[str]) -> None:
    torch_there = subprocess.run([str(venv_python()), "-c", "import torch"], capture_output=True).returncode == 0
    if not torch_there:
        print(f"setup: installing {TORCH} (the longest step)", flush=True)
        pip_install(TORCH)
    package = ".[" + ",".join(sorted(extras)) + "]" if extras else "."
    print(f"setup: installing dreamtalk {package}", flush=True)
    pip_install("--editable", package)


def gl_works() -> bool:
    """Whether the GL libraries load and, with no display, a context opens by EGL (Linux only; else nothing to do)."""
    for name in GL_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
    return subprocess.run([str(venv_python()), "-c", GL_PROBE], capture_output=True).returncode == 0


def provide_gl() -> bool:
    """Bring the GL libraries, or say how to; whether they work now."""
    if not sys.platform.startswith("linux") or gl_works():
        return True
    apt = shutil.which("apt-get")
    line = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(GL_PACKAGES)}"
    if apt is None or os.geteuid() != 0:
        print(f"setup: the GL libraries are missing or cannot draw; on Debian and Ubuntu run: sudo sh -c '{line}'")
        return False
    print(f"setup: installing {' '.join(GL_PACKAGES)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(line, shell=True, env=quiet, stdout=subprocess.DEVNULL).returncode == 0 and gl_works():
        return True
    print(f"setup: apt-get did not bring working GL libraries; run by hand: {line}")
    return False


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extra", action="append", default=[], help="an extra of pyproject.toml; may be given again")
    extras = set(parser.parse_args(argv).extra)
    if sys.version_info < (3, 11):  # noqa: UP036 - this script is what an older Python meets first
        version = ".".join(map(str, sys.version_info[:2]))
        raise SystemExit(f"setup: dreamtalk needs Python 3.11 or newer, this is {version}; run make PYTHON=python3.11")
    wanted, stamp = fingerprint(), Stamp.read()
    if stamp is not None and stamp.fingerprint == wanted:
        extras |= set(stamp.extras)
    else:
        stamp = None
        make_venv()
    if stamp is None or extras != set(stamp.extras):
        install(extras)
    if stamp is None or not stamp.gl or extras != set(stamp.extras):
        Stamp(wanted, tuple(sorted(extras)), provide_gl()).write()


if __name__ == "__main__":
    main()
