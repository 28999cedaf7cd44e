"""The web page: speech, a portrait and an emotion in; video, curves and files out."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from apps.animate import RENDERERS
from apps.errors import MENDABLE, one_sentence
from apps.examples import example_files
from apps.preview import EmotionPictures
from dreamtalk.audio import load_audio
from dreamtalk.emotions import EMOTIONS
from dreamtalk.options import AnimationOptions
from dreamtalk.performance import Performance, Video
from dreamtalk.pipeline import DreamTalk

PREVIEW_PX = 320
FIRST_EMOTION, FIRST_INTENSITY = "happy", 0.8
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


@dataclass(frozen=True)
class Inputs:
    """The components that a person fills in, in the order that `animate` takes them."""

    speech: gr.Audio
    portrait: gr.Image
    emotion: gr.Radio
    intensity: gr.Slider
    seed: gr.Number
    renderer: gr.Radio
    with_avatar: gr.Checkbox

    def all(self) -> list[Any]:
        return list(vars(self).values())


def build_demo(talk: DreamTalk) -> gr.Blocks:
    """The page around one loaded pipeline; start it by `build_demo(talk).launch(**LOOK)`."""
    pictures = EmotionPictures.drawn(talk.emotions, PREVIEW_PX)
    with gr.Blocks(title="dreamtalk", analytics_enabled=False, delete_cache=(FORGET_AFTER_S, FORGET_AFTER_S)) as page:
        gr.Markdown(TITLE)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5):
                inputs, preview, start = build_inputs(pictures)
            with gr.Column(scale=6):
                outputs = build_outputs()
        examples = example_files()
        if examples:
            gr.Examples([[str(path) for path in examples]], [inputs.speech, inputs.portrait], label="Try it with")

        feeling = [inputs.emotion, inputs.intensity]
        for component in feeling:
            component.change(pictures.nearest, feeling, preview, show_progress="hidden", api_visibility="private")
        start.click(partial(animate, talk), inputs.all(), outputs, api_name="animate")
    return page


def build_inputs(pictures: EmotionPictures) -> tuple[Inputs, gr.Image, gr.Button]:
    speech = gr.Audio(label="Speech", sources=["upload", "microphone"], type="filepath", buttons=[])
    with gr.Row():
        portrait = gr.Image(
            label="Portrait, optional",
            sources=["upload", "webcam", "clipboard"],
            type="filepath",
            image_mode=None,
            height=300,
            buttons=[],
        )
        first = pictures.nearest(FIRST_EMOTION, FIRST_INTENSITY)
        preview = gr.Image(first, label="The emotion", interactive=False, height=300, buttons=[])
    emotion = gr.Radio(list(EMOTIONS), value=FIRST_EMOTION, label="Emotion")
    intensity = gr.Slider(0, 1, value=FIRST_INTENSITY, step=0.05, label="Intensity")
    with gr.Accordion("More", open=False):
        seed = gr.Number(
            0, label="Seed", info="Same seed, same performance; another seed, another variant", precision=0
        )
        renderer = gr.Radio(list(RENDERERS), value=RENDERERS[0], label="How the portrait is drawn")
        with_avatar = gr.Checkbox(False, label="Show the avatar as well")
    start = gr.Button("Animate", variant="primary")
    return Inputs(speech, portrait, emotion, intensity, seed, renderer, with_avatar), preview, start


def build_outputs() -> list[Any]:
    video = gr.Video(label="Video", autoplay=True, height=512)
    with gr.Row():
        csv = gr.DownloadButton("Curves: Live Link Face CSV", interactive=False)
        npz = gr.DownloadButton("Curves: NumPy npz", interactive=False)
    with gr.Accordion("Curves over the sound", open=True):
        sheet = gr.Image(show_label=False, interactive=False, buttons=["download", "fullscreen"])
    avatar = gr.Video(label="Avatar", visible=False, height=360)
    return [video, csv, npz, sheet, avatar]


def animate(
    talk: DreamTalk,
    speech: str | None,
    portrait: str | None,
    emotion: str,
    intensity: float,
    seed: float | None,
    renderer: str,
    with_avatar: bool,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how gradio finds out that this function reports progress
) -> Iterator[list[Any]]:
    """One click on the button. A generator: gradio copies what was yielded, then the folder goes."""
    if speech is None:
        raise complaint("Give some speech first: upload a file or record yourself.")
    try:
        options = AnimationOptions(seed=int(seed or 0))
        performance = talk.animate(
            load_audio(speech), emotion, intensity, options=options, progress=partial(report, progress, "Curves")
        )
        video = performance.render(portrait, renderer=renderer)
        with tempfile.TemporaryDirectory(prefix="dreamtalk-") as folder:
            yield save_all(performance, video, with_avatar, Path(folder), progress)
    except MENDABLE as error:
        sentence = one_sentence(error)
        for upload in (speech, portrait):
            # A person knows the file by its name, not by the folder that the page keeps it in.
            sentence = sentence.replace(f"{Path(upload).parent}{os.sep}", "") if upload else sentence
        raise complaint(sentence) from error


def complaint(sentence: str) -> gr.Error:
    """An error that stays on the page until it is closed, and in no log."""
    return gr.Error(sentence, title="This did not work", duration=None, print_exception=False)


def save_all(
    performance: Performance, video: Video, with_avatar: bool, folder: Path, progress: gr.Progress
) -> list[Any]:
    """Write everything into `folder` and give it as the values of build_outputs."""
    film, csv, npz, sheet = (folder / f"dreamtalk{suffix}" for suffix in (".mp4", ".csv", ".npz", ".png"))
    avatar = folder / "avatar.mp4"
    performance.save(csv)
    performance.save(npz)
    video.save(film, partial(report, progress, "Video"))
    if with_avatar:
        performance.render().save(avatar, partial(report, progress, "Avatar"))
    progress(1.0, desc="Contact sheet")
    performance.save(sheet)
    return [
        str(film),
        gr.DownloadButton(value=str(csv), interactive=True),
        gr.DownloadButton(value=str(npz), interactive=True),
        str(sheet),
        gr.Video(value=str(avatar) if with_avatar else None, visible=with_avatar),
    ]


def report(progress: gr.Progress, label: str, done: int, total: int) -> None:
    progress((done, total), desc=label)
