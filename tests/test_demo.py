"""The web page, driven as a browser drives it: by its own client over HTTP."""

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

from apps import examples, page, preview  # noqa: E402
from apps.cli import main  # noqa: E402
from dreamtalk.emotions import EMOTIONS, EmotionLibrary  # noqa: E402
from rig.arkit import INDEX  # noqa: E402
from rig.clip_file import read_clip  # noqa: E402


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
    given = {"emotion": "happy", "intensity": 0.8, "seed": 7, "renderer": "rig", "with_avatar": False, **changed}
    return client.predict(handle_file(speech) if speech else None, None, *given.values(), api_name="/animate")


def test_a_click_gives_video_curves_and_sheet(client: Client, stub_talk, speech: Path) -> None:
    film, csv, npz, sheet, avatar = animate(client, speech)
    assert Path(film["video"] if isinstance(film, dict) else film).stat().st_size > 0
    csv, npz = (Path(button["value"] if isinstance(button, dict) else button) for button in (csv, npz))
    assert len(read_clip(csv)) == len(read_clip(npz)) == 25
    assert Path(sheet).stat().st_size > 0
    request = stub_talk.requests[0]
    assert (request.emotion, request.intensity, request.options.seed) == ("happy", 0.8, 7)


@pytest.mark.parametrize(
    ("changed", "part"), [({"seed": -1}, "seed is -1"), ({"emotion": "sad"}, "neutral, happy"), ({}, "no sound")]
)
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
