"""The shape of the code: who imports whom, what importing costs, how long a file may be, what never gets in."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("apps", "dreamtalk", "renderer", "rig")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
EVERY_PYTHON_FILE = SOURCES + sorted(
    path for folder in ("tests", "scripts", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
LONGEST_FILE = 350
# What users may build on; a change here is a change of the product.
PUBLIC = {
    "dreamtalk": "AnimationOptions AudioError BlendshapeClip Dials DreamTalk DreamTalkError EmotionTrack OptionError "
    "Performance PortraitError Video Waveform WeightsError load_audio",
    "rig": "GROUPS INDEX MIRROR MOUTH NAMES BlendshapeClip RigError",
    "renderer": "RendererError",
}
# Put together here so that this file does not hold the marks it looks for.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|Not" + r"ImplementedError)\b")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_import_contracts() -> None:
    # In a process of its own: import-linter sets up logging anew, which silences every logger there is.
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("package", "heavy"),
    [
        ("rig", "torch moderngl pyrender mediapipe matplotlib gradio av PIL"),
        ("rig.clip_file", "torch scipy polars pxr moderngl pyrender mediapipe matplotlib gradio av PIL ssl"),
        ("renderer", "mediapipe moderngl gradio matplotlib av"),
        ("dreamtalk", "torch scipy polars pxr mediapipe moderngl gradio matplotlib pyrender PIL"),
        ("apps.cli", "torch scipy cv2 polars pxr pythonosc sounddevice mediapipe moderngl gradio matplotlib pyrender"),
    ],
)
def test_importing_is_light(package: str, heavy: str) -> None:
    code = f"import sys, {package}; print(*sorted(set(sys.modules) & set({heavy.split()!r})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_frozen(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(PUBLIC[package].split())
    assert all(hasattr(module, name) for name in module.__all__)


def test_files_read_in_one_sitting() -> None:
    lengths = {relative(path): len(text(path).splitlines()) for path in EVERY_PYTHON_FILE}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_nothing_unfinished() -> None:
    marks = {relative(path): UNFINISHED.findall(text(path)) for path in EVERY_PYTHON_FILE}
    assert {path: found for path, found in marks.items() if found} == {}


def test_only_programs_print() -> None:
    calls = (
        (relative(path), node)
        for path in SOURCES
        if path.parent.name != "apps"
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    assert [f"{path}:{call.lineno}" for path, call in calls if call.func.id == "print"] == []


def test_every_module_says_what_it_is() -> None:
    assert [relative(path) for path in SOURCES if not ast.get_docstring(ast.parse(text(path)))] == []


def test_nothing_is_pickled() -> None:
    names = {relative(path): imported_modules(path) & {"pickle", "shelve", "dill", "joblib"} for path in SOURCES}
    assert {path: found for path, found in names.items() if found} == {}


def imported_modules(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(text(path))))
    plain = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
