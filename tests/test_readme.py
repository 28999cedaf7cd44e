"""The README keeps its promises: its code runs, its commands parse, its files are there."""

import re
import shlex
from pathlib import Path

import pytest

from apps.cli import build_parser
from rig.clip_file import read_clip

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of a language; "" for those that name none."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [code for name, code in fences if name == language]


def commands() -> list[str]:
    lines = [line.split("  #")[0].strip() for block in blocks("") for line in block.splitlines()]
    return [line for line in lines if line.startswith("dreamtalk ")]


def test_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks in one go, as a reader would type them, beside the examples."""
    (tmp_path / "examples").mkdir()
    for example in filter(Path.is_file, (ROOT / "examples").iterdir()):
        (tmp_path / "examples" / example.name).write_bytes(example.read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), names)
    assert {path.name for path in tmp_path.iterdir()} == {
        "examples", "hello.csv", "hello.glb", "hello.mp4", "hello_60.npz",
    }  # fmt: skip
    assert read_clip("hello_60.npz").fps == 60


def test_five_lines_of_python() -> None:
    first = [line for line in blocks("python")[0].splitlines() if line]
    assert len(first) == 5


@pytest.mark.parametrize("command", commands())
def test_commands_parse(command: str) -> None:
    build_parser().parse_args(shlex.split(command)[1:])


def test_every_option_of_animate_is_explained() -> None:
    actions = build_parser()._subparsers._group_actions[0].choices["animate"]._actions
    options = {action.option_strings[-1] for action in actions if action.option_strings} - {"--help", "--output"}
    assert {option for option in options if f"`{option}" not in README} == set()


def test_files_named_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    sources = [name for name in re.findall(r"`((?:rig|renderer|dreamtalk|benchmarks)/[\w/]+\.py)`", README)]
    assert pictures and sources
    assert [name for name in pictures + sources if not (ROOT / name).exists()] == []


def test_make_targets_named_are_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for name in re.findall(r"make (\w+) +#", README)} <= targets
