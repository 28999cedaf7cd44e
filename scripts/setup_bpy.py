"""Make .venv-bpy, a Python with Blender as a module, for tests/test_in_blender.py.

    python scripts/setup_bpy.py

Blender is GPL: it stays in an environment of its own, in which only the tests' Blender side runs. About 375 MB are
fetched, 970 MB unpacked; bpy 5.0 runs on Python 3.11 alone. DREAMTALK_BPY_PYTHON names another such Python. Where it
does not install, one line says so and the tests that need it are skipped; what is there already is left as it is.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

BPY = "bpy==5.0.1"
FOLDER = Path(__file__).resolve().parent.parent / ".venv-bpy"
DONE = FOLDER / "installed.txt"


def main() -> int:
    if DONE.is_file() and DONE.read_text(encoding="utf-8") == BPY:
        return 0
    if sys.version_info[:2] != (3, 11):
        print(f"No Blender for the tests: {BPY} runs on Python 3.11 only, and this is {sys.version.split()[0]}.")
        return 2
    print(f"Fetching {BPY} for the tests ...", flush=True)
    venv.create(FOLDER, with_pip=True, clear=True)
    python = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-cache-dir", BPY], capture_output=True)
    if done.returncode:
        shutil.rmtree(FOLDER, ignore_errors=True)
        print(f"No Blender for the tests: {BPY} did not install.")
        return done.returncode
    DONE.write_text(BPY, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
