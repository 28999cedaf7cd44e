"""One click on the web page: what was filled in becomes a performance and its files."""

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from apps.errors import MENDABLE, one_sentence
from apps.page_formats import build_formats
from dreamtalk.errors import OptionError
from dreamtalk.expression.dials import Dials
from dreamtalk.expression.emotion_mix import EmotionMix
from dreamtalk.expression.emotion_track import EmotionTrack
from dreamtalk.options import AnimationOptions
from dreamtalk.performance import Performance, Video
from dreamtalk.pipeline import DreamTalk
from dreamtalk.portrait.portrait import load_portrait
from dreamtalk.speech.audio import load_audio


def build_outputs() -> tuple[list[Any], list[Any]]:
    """The components that `animate` fills, and those of the other formats, which begin anew with each take."""
    video = gr.Video(label="Video", autoplay=True, height=512)
    with gr.Row():
        csv = gr.DownloadButton("Live Link Face CSV", interactive=False)
        npz = gr.DownloadButton("NumPy npz", interactive=False)
    picked, made = build_formats(npz)
    with gr.Accordion("Curves over the sound", open=True):
        sheet = gr.Image(show_label=False, interactive=False, buttons=["download", "fullscreen"])
    avatar = gr.Video(label="Avatar", visible=False, height=360)
    return [video, csv, npz, sheet, avatar], [picked, made]


def animate(
    talk: DreamTalk,
    speech: str | None,
    portrait: str | None,
    emotion: str,
    intensity: float,
    track: str | None,
    transition: float,
    style: str | None,
    text: str | None,
    head: float,
    blink: float,
    gaze: float,
    mouth: float,
    brows: float,
    strength: float,
    mouth_only: bool,
    seed: float | None,
    renderer: str,
    quality: str,
    face: float | None,
    frame: str,
    mark: bool,
    with_avatar: bool,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how gradio finds out that this function reports progress
) -> Iterator[list[Any]]:
    """One click on the button. A generator: gradio copies what was yielded, then the folder goes."""
    if speech is None:
        raise complaint("Give some speech first: upload a file or record yourself.")
    try:
        # Read and fitted before the curves are made, so that a bad portrait costs no waiting.
        person = None
        if portrait is not None:
            person = load_portrait(portrait, face=None if face is None else int(face), frame=frame)
        dials = Dials(head, blink, gaze, mouth, brows, strength)
        performance = talk.animate(
            load_audio(speech),
            wished_emotion(emotion, intensity, track, transition, style),
            style=style,
            initial=None if person is None else person.fit.expression,
            text=text if text and text.strip() else None,
            options=AnimationOptions(seed=int(seed or 0), dials=dials, mouth_only=mouth_only),
            progress=partial(report, progress, "Curves"),
        )
        video = performance.render(person, renderer=renderer, quality=quality)
        avatar = performance.render() if with_avatar else None
        if mark:
            video, avatar = video.marked(), avatar and avatar.marked()
        with tempfile.TemporaryDirectory(prefix="dreamtalk-") as folder:
            yield save_all(performance, video, avatar, Path(folder), progress)
    except MENDABLE as error:
        raise complaint(without_folders(one_sentence(error), (speech, portrait, style))) from error


def wished_emotion(
    emotion: str, intensity: float, track: str | None, transition: float, style: str | None
) -> EmotionTrack | None:
    """The emotion over time where one is written, else the one picked; None where a style clip takes its place.

    Raises OptionError for a track that is none, or a track beside a style clip.
    """
    written = (track or "").strip()
    if style is not None and written:
        raise OptionError("There is an emotion over time and a style clip; clear one of them.")
    if style is not None:
        return None
    if written:
        return EmotionTrack.parse(written, transition)
    return EmotionTrack.steady(EmotionMix(((emotion, intensity),)))


def without_folders(sentence: str, uploads: tuple[str | None, ...]) -> str:
    """A person knows a file by its name, not by the folder that the page keeps it in."""
    for upload in uploads:
        sentence = sentence.replace(f"{Path(upload).parent}{os.sep}", "") if upload else sentence
    return sentence


def complaint(sentence: str) -> gr.Error:
    """An error that stays on the page until it is closed, and in no log."""
    return gr.Error(sentence, title="This did not work", duration=None, print_exception=False)


def save_all(
    performance: Performance, video: Video, avatar: Video | None, folder: Path, progress: gr.Progress
) -> list[Any]:
    """Write everything into `folder` and give it as the values of build_outputs."""
    film, csv, npz, sheet = (folder / f"dreamtalk{suffix}" for suffix in (".mp4", ".csv", ".npz", ".png"))
    avatar_film = folder / "avatar.mp4"
    performance.save(csv)
    performance.save(npz)
    video.save(film, partial(report, progress, "Video"))
    if avatar:
        avatar.save(avatar_film, partial(report, progress, "Avatar"))
    progress(1.0, desc="Contact sheet")
    performance.save(sheet)
    return [
        str(film),
        gr.DownloadButton(value=str(csv), interactive=True),
        gr.DownloadButton(value=str(npz), interactive=True),
        str(sheet),
        gr.Video(value=str(avatar_film) if avatar else None, visible=avatar is not None),
    ]


def report(progress: gr.Progress, label: str, done: int, total: int) -> None:
    progress((done, total), desc=label)
