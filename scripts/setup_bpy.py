"""Make .venv-bpy, a Python with Blender as a module, for tests/test_in_blender.py.

    python scripts/setup_bpy.py

Blender is GPL: it stays in an environment of its own, in which only the tests' Blender side runs. About 375 MB are
fetched, 970 MB unpacked; bpy 5.0 runs on Python 3.11 alone. DREAMTALK_BPY_PYTHON names another such Python.
"""

import subprocess
import sys
import venv
from pathlib import Path

BPY = "bpy==5.0.1"
FOLDER = Path(__file__).resolve().parent.parent / ".venv-bpy"


def main() -> int:
    if sys.version_info[:2] != (3, 11):
        print(f"{BPY} runs on Python 3.11 only, and this is {sys.version.split()[0]}; start this with python3.11.")
        return 2
    venv.create(FOLDER, with_pip=True)
    python = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    return subprocess.run([python, "-m", "pip", "install", "--quiet", BPY]).returncode


if __name__ == "__main__":
    sys.exit(main())
