"""What a person fills in on the web page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from apps.preview import EmotionPictures
from dreamtalk.expression.dials import MOST
from dreamtalk.expression.emotion_track import TRANSITION_S
from dreamtalk.expression.emotions import EMOTIONS
from dreamtalk.portrait.framing import FRAMES
from dreamtalk.portrait.video_choices import QUALITIES, RENDERERS
from rig.clip_file import READABLE

FIRST_EMOTION, FIRST_INTENSITY = "happy", 0.8
PICTURE_PX = 300
DIAL_LABELS = {
    "head": "Head", "blink": "Blinks", "gaze": "Gaze", "mouth": "Mouth", "brows": "Brows", "strength": "Strength",
}  # fmt: skip
FRAME_LABELS = {"square": "Head and shoulders", "full": "The whole picture"}
STYLE_FILES = [*sorted({Path(f"x{suffix}").suffix for suffix in READABLE}), "video"]


@dataclass(frozen=True)
class Inputs:
    """The components, in the order that `apps.page_run.animate` takes them; dials in the order of Dials."""

    speech: gr.Audio
    portrait: gr.Image
    emotion: gr.Radio
    intensity: gr.Slider
    track: gr.Textbox
    transition: gr.Slider
    style: gr.File
    text: gr.Textbox
    dials: tuple[gr.Slider, ...]
    mouth_only: gr.Checkbox
    seed: gr.Number
    renderer: gr.Radio
    quality: gr.Radio
    face: gr.Number
    frame: gr.Radio
    mark: gr.Checkbox
    with_avatar: gr.Checkbox

    def all(self) -> list[Any]:
        """Every component, the dials one by one."""
        given = list(vars(self).values())
        at = given.index(self.dials)
        return [*given[:at], *self.dials, *given[at + 1 :]]


def build_inputs(pictures: EmotionPictures) -> tuple[Inputs, gr.Button, gr.Button]:
    """Lay the components out, with the buttons that start and start again; the emotion's preview follows by itself."""
    speech = gr.Audio(label="Speech", sources=["upload", "microphone"], type="filepath", buttons=[])
    with gr.Row():
        portrait = gr.Image(
            label="Portrait, optional",
            sources=["upload", "webcam", "clipboard"],
            type="filepath",
            image_mode=None,
            height=PICTURE_PX,
            buttons=[],
        )
        first = pictures.nearest(FIRST_EMOTION, FIRST_INTENSITY)
        preview = gr.Image(first, label="The emotion", interactive=False, height=PICTURE_PX, buttons=[])
    emotion = gr.Radio(list(EMOTIONS), value=FIRST_EMOTION, label="Emotion")
    intensity = gr.Slider(0, 1, value=FIRST_INTENSITY, step=0.05, label="Intensity")
    for component in (emotion, intensity):
        component.change(
            pictures.nearest, [emotion, intensity], preview, show_progress="hidden", api_visibility="private"
        )
    with gr.Row():
        start = gr.Button("Animate", variant="primary", scale=2)
        again = gr.Button("Another take", scale=1)
    track, transition = _emotion_over_time()
    style, text = _style_and_text()
    dials, mouth_only = _dials()
    seed, *picture = _take_and_picture()
    inputs = Inputs(
        speech, portrait, emotion, intensity, track, transition, style, text, dials, mouth_only, seed, *picture
    )
    return inputs, start, again


def _emotion_over_time() -> tuple[gr.Textbox, gr.Slider]:
    with gr.Accordion("Emotion over time", open=False):
        track = gr.Textbox(
            label="Keys: seconds, emotion, intensity",
            info="Takes the place of the emotion above. Mix by +, as in 4:happy:0.5+surprised:0.5",
            placeholder="0:neutral, 3.2:happy:0.8, 7:sad",
            lines=2,
        )
        transition = gr.Slider(0, 3, value=TRANSITION_S, step=0.1, label="Seconds a change takes")
    return track, transition


def _style_and_text() -> tuple[gr.File, gr.Textbox]:
    with gr.Accordion("Style clip", open=False):
        gr.Markdown("A face whose manner is followed instead of an emotion: curves (.csv, .npz, .glb, ...) or a video.")
        style = gr.File(show_label=False, file_types=STYLE_FILES, type="filepath", height=120)
    with gr.Accordion("What is said", open=False):
        text = gr.Textbox(
            label="Transcript in English",
            info="Word for word: every p, b and m then shuts the lips",
            placeholder="Hello, my name is ...",
            lines=3,
        )
    return style, text


def _take_and_picture() -> list[Any]:
    """Seed, renderer, quality, face, frame, mark and avatar, as Inputs has them."""
    with gr.Accordion("Take and picture", open=False):
        seed = gr.Number(0, label="Seed", info="Same seed, same performance; another seed, another take", precision=0)
        with gr.Row():
            frame = gr.Radio([(FRAME_LABELS[name], name) for name in FRAMES], value=FRAMES[0], label="The video shows")
            face = gr.Number(
                None, label="Which face", info="Of several, from left to right; empty: the largest", precision=0
            )
        quality = gr.Radio(list(QUALITIES), value="default", label="Quality", info="Draft is fastest")
        renderer = gr.Radio(list(RENDERERS), value=RENDERERS[0], label="How the portrait is drawn")
        with gr.Row():
            mark = gr.Checkbox(False, label="Mark the pictures as AI-generated")
            with_avatar = gr.Checkbox(False, label="Show the avatar as well")
    return [seed, renderer, quality, face, frame, mark, with_avatar]


def _dials() -> tuple[tuple[gr.Slider, ...], gr.Checkbox]:
    """One slider for each dial, two in a row, and a button that sets them back."""
    with gr.Accordion("Dials", open=False):
        gr.Markdown("1 is as it is, 0 is none, 2 is twice as much. Mouth: how far it opens; closed lips stay closed.")
        sliders: list[gr.Slider] = []
        for first in range(0, len(DIAL_LABELS), 2):
            with gr.Row():
                for label in list(DIAL_LABELS.values())[first : first + 2]:
                    sliders.append(gr.Slider(0, MOST, value=1, step=0.05, label=label, buttons=[]))
        with gr.Row(equal_height=True):
            mouth_only = gr.Checkbox(False, label="Mouth only", container=False)
            back = gr.Button("Set back to 1", size="sm")
        back.click(lambda: [1.0] * len(sliders), None, sliders, show_progress="hidden", api_visibility="private")
    return tuple(sliders), mouth_only
