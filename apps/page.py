"""The web page: speech, a portrait and an emotion in; video, curves and files out."""

from functools import partial
from typing import Any

import gradio as gr

from apps.examples import example_files
from apps.page_formats import none_picked
from apps.page_inputs import build_inputs
from apps.page_run import animate, build_outputs
from apps.preview import EmotionPictures
from dreamtalk.pipeline import DreamTalk

PREVIEW_PX = 320
FORGET_AFTER_S = 24 * 60 * 60

TITLE = """
# dreamtalk
Speech, an emotion and one portrait in; face curves and a talking video out.
Nothing leaves the machine that serves this page.
"""

# Given to launch(). Fonts by plain name: the page must not fetch any.
LOOK: dict[str, Any] = {
    "theme": gr.themes.Soft(
        primary_hue="indigo",
        neutral_hue="slate",
        font=["Inter", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ),
    "css": ".gradio-container {max-width: 1180px !important; margin: auto} footer {display: none !important}",
}


def build_demo(talk: DreamTalk) -> gr.Blocks:
    """The page around one loaded pipeline; start it by `build_demo(talk).launch(**LOOK)`."""
    pictures = EmotionPictures.drawn(talk.emotions, PREVIEW_PX)
    with gr.Blocks(title="dreamtalk", analytics_enabled=False, delete_cache=(FORGET_AFTER_S, FORGET_AFTER_S)) as page:
        gr.Markdown(TITLE)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5):
                inputs, start, again = build_inputs(pictures)
            with gr.Column(scale=6):
                outputs, formats = build_outputs()
        examples = example_files()
        if examples:
            gr.Examples([[str(path) for path in examples]], [inputs.speech, inputs.portrait], label="Try it with")

        play = partial(animate, talk)
        first = start.click(play, inputs.all(), outputs, api_name="animate")
        another = again.click(next_seed, inputs.seed, inputs.seed, show_progress="hidden", api_visibility="private")
        second = another.then(play, inputs.all(), outputs, api_visibility="private")
        for made in (first, second):
            made.then(none_picked, None, formats, show_progress="hidden", api_visibility="private")
    return page


def next_seed(seed: float | None) -> int:
    """The seed of another take."""
    return int(seed or 0) + 1
