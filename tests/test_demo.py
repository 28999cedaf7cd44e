"""The web page, driven as a browser drives it: by its own client over HTTP."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

gradio = pytest.importorskip("gradio")
import httpx  # noqa: E402
from gradio_client import Client, handle_file  # noqa: E402
from gradio_client.exceptions import AppError  # noqa: E402

from apps import examples, page, page_formats, page_inputs, page_run, preview  # noqa: E402
from apps.cli import main  # noqa: E402
from dreamtalk.expression.dials import Dials  # noqa: E402
from dreamtalk.expression.emotion_track import EmotionTrack  # noqa: E402
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary  # noqa: E402
from dreamtalk.options import AnimationOptions  # noqa: E402
from rig.arkit import INDEX  # noqa: E402
from rig.clip import BlendshapeClip  # noqa: E402
from rig.clip_file import read_clip, write_clip  # noqa: E402


@pytest.fixture
def blank_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Previews without OpenGL."""
    shape = (len(EMOTIONS), len(preview.LEVELS), 8, 8, 3)
    drawn = classmethod(lambda cls, library, size: cls(np.zeros(shape, np.uint8)))
    monkeypatch.setattr(preview.EmotionPictures, "drawn", drawn)


@pytest.fixture
def client(stub_talk, blank_pictures) -> Iterator[Client]:
    demo = page.build_demo(stub_talk)
    _, url, _ = demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **page.LOOK)
    yield Client(url, verbose=False)
    demo.close()


def animate(client: Client, speech: Path | None, **changed: Any) -> tuple[Any, ...]:
    dials = dict.fromkeys(("head", "blink", "gaze", "mouth", "brows", "strength"), 1.0)
    given = {
        "speech": handle_file(speech) if speech else None, "portrait": None, "emotion": "happy", "intensity": 0.8,
        "track": "", "transition": 0.6, "style": None, "text": "", **dials, "mouth_only": False, "seed": 7,
        "renderer": "rig", "quality": "default", "face": None, "frame": "square",
        "mark": False, "with_avatar": False, **changed,
    }  # fmt: skip
    return client.predict(*given.values(), api_name="/animate")


def test_a_click_gives_video_curves_and_sheet(client: Client, stub_talk, speech: Path) -> None:
    film, csv, npz, sheet, avatar = animate(client, speech)
    assert Path(film["video"] if isinstance(film, dict) else film).stat().st_size > 0
    csv, npz = (Path(button["value"] if isinstance(button, dict) else button) for button in (csv, npz))
    assert len(read_clip(csv)) == len(read_clip(npz)) == 25
    assert Path(sheet).stat().st_size > 0
    request = stub_talk.requests[0]
    assert (request.emotion.shown(), request.style, request.text) == ("happy:0.8", None, None)
    assert request.options == AnimationOptions(seed=7)


def test_everything_on_the_page_reaches_the_pipeline(client: Client, stub_talk, speech: Path, tmp_path: Path) -> None:
    turned = {"head": 0.0, "blink": 0.5, "gaze": 1.5, "mouth": 1.2, "brows": 0.2, "strength": 2.0}
    animate(client, speech, track="neutral, 0.5:happy", transition=0.2, text="Bob.", **turned, mouth_only=True)
    style = tmp_path / "take.csv"
    style.write_text("curves")
    animate(client, speech, style=handle_file(style))
    first, second = stub_talk.requests
    assert first.emotion == EmotionTrack.parse("neutral, 0.5:happy", 0.2) and first.text == "Bob."
    assert first.options == AnimationOptions(seed=7, dials=Dials(**turned), mouth_only=True)
    assert second.emotion is None and Path(second.style).name == "take.csv"


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"seed": -1}, "seed is -1"), ({"emotion": "sad"}, "neutral, happy"), ({}, "no sound"),
        ({"track": "3:happy, 1:neutral"}, "rising"), ({"track": "1:bored"}, "'bored'"), ({"mouth": 3.0}, "3"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_one_sentence(
    changed: dict[str, Any], part: str, client: Client, speech: Path, tmp_path: Path
) -> None:
    if not changed:
        speech = tmp_path / "words.wav"
        speech.write_text("no sound")
    with pytest.raises(AppError) as told:
        animate(client, speech, **changed)
    message = str(told.value)
    assert "Traceback" not in message and message.count("\n") == 0
    assert part in message or "words.wav" in message


def test_a_track_and_a_style_are_not_both_taken(client: Client, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "take.csv").write_text("curves")
    with pytest.raises(AppError, match="clear one of them"):
        animate(client, speech, track="happy", style=handle_file(tmp_path / "take.csv"))


def test_another_take_has_the_next_seed() -> None:
    assert [page.next_seed(seed) for seed in (None, 0, 7.0)] == [1, 1, 8]


def test_the_dials_stand_in_their_order() -> None:
    names = list(inspect.signature(page_run.animate).parameters)
    assert names[names.index("text") + 1 : names.index("mouth_only")] == list(vars(Dials()))
    assert list(page_inputs.DIAL_LABELS) == list(vars(Dials()))


@pytest.mark.parametrize("suffix", [".a2f.json", ".parquet", ".glb"])
def test_other_formats_are_made_of_the_take(tmp_path: Path, suffix: str) -> None:
    clip = BlendshapeClip(np.full((5, 52), 0.25), np.zeros((5, 3)), 25)
    write_clip(clip, tmp_path / "take.npz")
    for button in page_formats.converted(str(tmp_path / "take.npz"), suffix):
        made = Path(button.value["path"] if isinstance(button.value, dict) else button.value)
        assert made.name == f"dreamtalk{suffix}" and button.interactive
        np.testing.assert_allclose(read_clip(made).weights, clip.weights, atol=1e-6)
    assert not next(page_formats.converted(None, suffix)).interactive


def test_speech_must_be_given(client: Client) -> None:
    with pytest.raises(AppError, match="Give some speech first"):
        animate(client, None)


def test_the_page_loads_nothing_from_elsewhere(client: Client) -> None:
    html = httpx.get(client.src).text
    fetched = re.findall(r'(?:src|href)="(https?://[^"]+)"', html)
    assert fetched == [] and "fonts.googleapis" not in html


def test_pictures_follow_emotion_and_intensity() -> None:
    shape = (len(EMOTIONS), len(preview.LEVELS), 1, 1, 3)
    pictures = preview.EmotionPictures(np.arange(np.prod(shape), dtype=np.int64).reshape(shape))
    assert pictures.nearest("neutral", 0.0)[0, 0, 0] == 0
    assert pictures.nearest("neutral", 0.9)[0, 0, 0] == 3 * 4
    assert pictures.nearest(EMOTIONS[1], 0.1)[0, 0, 0] == 3 * len(preview.LEVELS)


def test_stills_have_open_eyes() -> None:
    still = preview.stills(EmotionLibrary.load())
    assert len(still) == len(EMOTIONS) * len(preview.LEVELS)
    blinks = [still.weights[:, INDEX[name]] for name in ("eyeBlinkLeft", "eyeBlinkRight")]
    assert np.max(blinks) < 0.5


def test_examples_are_found_in_a_checkout() -> None:
    assert [path.name for path in examples.example_files()] == list(examples.NAMES)


def test_without_gradio_the_command_says_how_to_get_it(monkeypatch, capsys) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["demo"]) == 2
    assert capsys.readouterr().err == (
        "dreamtalk: The web page needs Gradio; install it by: pip install 'dreamtalk[demo]'.\n"
    )
