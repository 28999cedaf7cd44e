"""The other curve formats on the web page: picked from a list, made from the exact arrays, downloaded."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from apps.errors import MENDABLE, one_sentence
from rig.clip_file import FORMATS, read_clip, write_clip

ON_THE_PAGE = (".csv", ".npz")
"""These have buttons of their own."""
IN_TWO_FILES = (".gltf",)


def build_formats(arrays: gr.DownloadButton) -> tuple[gr.Dropdown, gr.DownloadButton]:
    """A list of formats and the button that hands out the one picked; arrays: holds the performance as .npz."""
    offered = [format for format in FORMATS if format.write and format.suffix not in (*ON_THE_PAGE, *IN_TWO_FILES)]
    choices = [(f"{format.what} ({format.suffix})", format.suffix) for format in offered]
    with gr.Row(equal_height=True):
        picked = gr.Dropdown(choices, value=None, label="Another format", interactive=True, scale=3)
        made = gr.DownloadButton("Download", interactive=False, scale=1)
    picked.input(converted, [arrays, picked], made, api_visibility="private")
    return picked, made


def none_picked() -> list[Any]:
    """List and button as they are before a format is picked."""
    return [gr.Dropdown(value=None), gr.DownloadButton(value=None, interactive=False)]


def converted(arrays: str | None, suffix: str | None) -> Iterator[Any]:
    """The performance in another format. A generator: gradio copies what was yielded, then the folder goes."""
    if arrays is None or suffix is None:
        yield gr.DownloadButton(interactive=False)
        return
    with tempfile.TemporaryDirectory(prefix="dreamtalk-") as folder:
        path = Path(folder) / f"dreamtalk{suffix}"
        try:
            write_clip(read_clip(arrays), path)
        except MENDABLE as error:
            raise gr.Error(one_sentence(error), title="This did not work", print_exception=False) from error
        yield gr.DownloadButton(value=str(path), interactive=True)
