"""The example speech and portrait."""

from pathlib import Path

NAMES = ("hello.wav", "portrait.png")


def example_files() -> tuple[Path, ...]:
    """Speech and portrait: beside this file in an installed package, at the root of a checkout; () where neither is."""
    here = Path(__file__).resolve().parent
    for folder in (here / "example_files", here.parent / "examples"):
        files = tuple(folder / name for name in NAMES)
        if all(file.is_file() for file in files):
            return files
    return ()
