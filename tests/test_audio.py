"""Sound files of every kind come in as mono 16 kHz, and whatever is no speech is refused in one sentence."""

import os
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.errors import AudioError
from dreamtalk.speech.audio import SAMPLE_RATE, Waveform, load_audio
from dreamtalk.speech.log_mel import HOP, frame_peaks, log_mel, mel_bands

ENCODERS = {".flac": "flac", ".ogg": "libopus", ".mp3": "libmp3lame", ".m4a": "aac", ".mp4": "aac"}


def tone(seconds: float, rate: int, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write_wav(path: Path, samples: np.ndarray, rate: int, channels: int = 1, width: int = 2) -> Path:
    full = 2 ** (8 * width - 1) - 1
    steps = np.repeat(np.round(samples.astype(np.float64) * full), channels).astype(np.int64)
    data = (steps + 128).astype(np.uint8).tobytes() if width == 1 else _packed(steps, width)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(data)
    return path


def _packed(steps: np.ndarray, width: int) -> bytes:
    return steps.astype("<i8")[:, None].view(np.uint8)[:, :width].tobytes()


def write_float_wav(path: Path, samples: np.ndarray, rate: int = SAMPLE_RATE) -> Path:
    data = samples.astype("<f4").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, rate, rate * 4, 4, 32)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    return path


def write_encoded(path: Path, samples: np.ndarray, rate: int, video: bool = False, sound: bool = True) -> Path:
    with av.open(str(path), "w") as container:
        if video:
            picture = container.add_stream("mpeg4", rate=25)
            picture.width = picture.height = 32
            picture.pix_fmt = "yuv420p"
        if sound:
            track = container.add_stream(ENCODERS[path.suffix], rate=rate, layout="mono")
        if video:
            for _ in range(25):
                container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")))
            container.mux(picture.encode(None))
        if sound:
            frame = av.AudioFrame.from_ndarray(np.round(samples[None] * 32767).astype("<i2"), "s16p", "mono")
            frame.sample_rate = rate
            resampler = av.AudioResampler(track.format, "mono", rate, frame_size=1024)
            for ready in (*resampler.resample(frame), *resampler.resample(None)):
                container.mux(track.encode(ready))
            container.mux(track.encode(None))
    return path


def loudest_hz(samples: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * SAMPLE_RATE / len(samples))


@settings(max_examples=25, deadline=None)
@given(
    rate=st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000]),
    channels=st.sampled_from([1, 2, 3, 6, 8, 9]),
    width=st.sampled_from([1, 2, 3, 4]),
    seconds=st.floats(0.15, 1.2),
)
def test_a_wav_of_any_form_keeps_its_length_pitch_and_level(tmp_path_factory, rate, channels, width, seconds):
    path = write_wav(tmp_path_factory.mktemp("wav") / "tone.wav", tone(seconds, rate), rate, channels, width)
    heard = load_audio(path)
    expected = round(seconds * rate) * SAMPLE_RATE / rate
    assert heard.sample_rate == SAMPLE_RATE and heard.samples.dtype == np.float32
    assert abs(len(heard) - expected) <= 2
    assert abs(loudest_hz(heard.samples) - 440) <= SAMPLE_RATE / len(heard)
    assert np.abs(heard.samples[400:-400]).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("suffix", ENCODERS)
def test_compressed_files_come_in_with_their_length_and_pitch(tmp_path, suffix):
    path = write_encoded(tmp_path / f"tone{suffix}", tone(2, 48_000), 48_000, video=suffix == ".mp4")
    heard = load_audio(path)
    assert heard.duration_s == pytest.approx(2.0, abs=0.1)
    assert loudest_hz(heard.samples) == pytest.approx(440, abs=1)


def test_resampling_moves_nothing_in_time(tmp_path):
    heard = load_audio(write_wav(tmp_path / "tone.wav", tone(1, 48_000, 100), 48_000))
    assert np.abs(heard.samples[200:-200] - tone(1, SAMPLE_RATE, 100)[200:-200]).max() < 2e-3


def test_channels_are_averaged(tmp_path):
    stereo = np.stack([tone(1, SAMPLE_RATE), np.zeros(SAMPLE_RATE)], axis=1).reshape(-1)
    with wave.open(str(tmp_path / "left.wav"), "wb") as file:
        file.setparams((2, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(np.round(stereo * 32767).astype("<i2").tobytes())
    assert np.abs(load_audio(tmp_path / "left.wav").samples).max() == pytest.approx(0.25, abs=1e-3)


def test_a_name_with_a_colon_and_spaces_is_a_file(tmp_path):
    if os.name == "nt":
        pytest.skip("Windows has no such names")
    assert len(load_audio(write_wav(tmp_path / "take:1 ä.wav", tone(0.5, SAMPLE_RATE), SAMPLE_RATE))) == 8_000


def test_float_samples_in_another_unit_are_scaled(tmp_path):
    loud = load_audio(write_float_wav(tmp_path / "steps.wav", tone(0.5, SAMPLE_RATE) * 32768))
    assert np.abs(loud.samples).max() == pytest.approx(1.0, abs=1e-3)


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    speech = tone(3, SAMPLE_RATE)
    files = {"missing": (folder / "none.wav", "no file"), "folder": (folder, "is a folder")}

    def add(name: str, path: Path, says: str, cut: float | None = None, data: bytes | None = None) -> None:
        content = path.read_bytes() if data is None else data
        path.write_bytes(content[: round(len(content) * cut)] if cut else content)
        files[name] = (path, says)

    add("empty", folder / "empty.wav", "is empty", data=b"")
    add("silent", write_wav(folder / "silent.wav", speech * 0, SAMPLE_RATE), "is silent")
    add("offset", write_wav(folder / "offset.wav", speech * 0 + 0.4, SAMPLE_RATE), "is silent")
    add("short", write_wav(folder / "short.wav", speech[:300], SAMPLE_RATE), "at least 0.1 s")
    add("header", write_wav(folder / "header.wav", speech, SAMPLE_RATE), "", cut=0.0003)
    add("no samples", write_wav(folder / "nothing.wav", speech[:0], SAMPLE_RATE), "no sound that can be decoded")
    for name, path in (
        ("cut wav", write_wav(folder / "cut.wav", speech, 44_100, 2)),
        ("cut flac", write_encoded(folder / "cut.flac", speech, SAMPLE_RATE)),
        ("cut mp3", write_encoded(folder / "cut.mp3", speech, SAMPLE_RATE)),
    ):
        add(name, path, "is cut off", cut=0.4)
    add("cut m4a", write_encoded(folder / "cut.m4a", speech, SAMPLE_RATE), "not a sound file, or a broken one", cut=0.4)
    for name, value in (("nan", np.nan), ("inf", np.inf)):
        broken = speech.copy()
        broken[9_000] = value
        add(name, write_float_wav(folder / f"{name}.wav", broken), "NaN or infinite")
    add("mute", write_encoded(folder / "mute.mp4", speech, SAMPLE_RATE, video=True, sound=False), "no sound track")
    rng = np.random.default_rng(0)
    for suffix in (".txt", ".csv", ".wav", ".bin", ".mp3"):
        add(f"text {suffix}", folder / f"text{suffix}", "not a sound file", data=b"jawOpen, 0.2, 0.3\n" * 400)
        add(f"noise {suffix}", folder / f"noise{suffix}", "", data=rng.bytes(60_000))
    picture = b"\x89PNG\r\n\x1a\n" + rng.bytes(3_000)
    add("picture", folder / "picture.wav", "", data=picture)
    return files


def test_every_bad_file_gets_one_sentence_that_names_it(tmp_path):
    for name, (path, says) in bad_files(tmp_path).items():
        with pytest.raises(AudioError) as error:
            load_audio(path)
        message = str(error.value)
        assert says in message and str(path) in message, f"{name}: {message}"
        assert message.endswith(".") and "\n" not in message, f"{name}: {message}"


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path):
    path = write_wav(tmp_path / "locked.wav", tone(1, SAMPLE_RATE), SAMPLE_RATE)
    path.chmod(0)
    with pytest.raises(AudioError, match="cannot be read"):
        load_audio(path)


def test_a_few_lost_samples_at_the_end_are_forgiven(tmp_path):
    path = write_wav(tmp_path / "nearly.wav", tone(3, SAMPLE_RATE), SAMPLE_RATE)
    path.write_bytes(path.read_bytes()[:-2_000])
    assert load_audio(path).duration_s == pytest.approx(3 - 1_000 / SAMPLE_RATE)


def test_a_wav_written_to_a_pipe_announces_no_length(tmp_path):
    path = write_wav(tmp_path / "piped.wav", tone(1, SAMPLE_RATE), SAMPLE_RATE)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert load_audio(path).duration_s == pytest.approx(1.0)


def test_tags_in_an_old_encoding_do_not_matter(tmp_path):
    path = write_wav(tmp_path / "tagged.wav", tone(1, SAMPLE_RATE), SAMPLE_RATE)
    title = "Käse".encode("latin-1") + bytes(4)
    tags = b"INFO" + struct.pack("<4sI", b"INAM", len(title)) + title
    path.write_bytes(path.read_bytes() + struct.pack("<4sI", b"LIST", len(tags)) + tags)
    assert len(load_audio(path)) == SAMPLE_RATE


@settings(max_examples=60, deadline=None)
@given(suffix=st.sampled_from([".wav", ".flac", ".m4a", ".mp3"]), seed=st.integers(0, 10**6))
def test_damaged_files_load_or_get_a_sentence(tmp_path_factory, suffix, seed):
    path = tmp_path_factory.mktemp("damaged") / f"tone{suffix}"
    speech = tone(0.5, SAMPLE_RATE)
    write_wav(path, speech, SAMPLE_RATE) if suffix == ".wav" else write_encoded(path, speech, SAMPLE_RATE)
    rng = np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    for place in rng.integers(0, min(len(data), 400), rng.integers(1, 16)):
        data[place] = rng.integers(256)
    path.write_bytes(data)
    try:
        assert np.isfinite(load_audio(path).samples).all()
    except AudioError as error:
        assert str(error).endswith(".")


def test_a_waveform_owns_read_only_samples():
    given_samples = np.ones(10, np.float64)
    waveform = Waveform(given_samples, 16_000)
    given_samples[0] = 7
    assert waveform.samples[0] == 1 and waveform.samples.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        waveform.samples[0] = 0


@pytest.mark.parametrize(
    "samples, rate",
    [(np.zeros((2, 5)), 16_000), (np.zeros(0), 16_000), (np.array([1.0, np.nan]), 16_000), (np.ones(3), 0),
     (np.ones(3, np.int16), 16_000)],
)  # fmt: skip
def test_a_bad_waveform_is_refused(samples, rate):
    with pytest.raises(AudioError):
        Waveform(samples, rate)


def test_log_mel_agrees_with_a_short_time_fourier_transform_of_torch():
    torch = pytest.importorskip("torch")
    samples = np.random.default_rng(3).standard_normal(8_000).astype(np.float32)
    spectrum = torch.stft(torch.from_numpy(samples), 400, 160, window=torch.hann_window(400), center=True,
                          pad_mode="constant", return_complex=True).abs().numpy() ** 2  # fmt: skip
    ours = log_mel(samples, 0, spectrum.shape[1])
    assert np.abs(ours - np.log10(mel_bands() @ spectrum)).max() < 1e-4


def test_mel_bands_are_slaney_s_triangles():
    bands = mel_bands()
    hz_per_bin = 40.0
    # Each triangle has unit area in Hz; the narrow low ones are sampled too coarsely to show it one by one.
    assert bands.sum(axis=1)[45:] * hz_per_bin == pytest.approx(1.0, abs=0.03)
    # Band centres: 200/3 Hz a mel up to 1 kHz, then a factor of 6.4 in 27 mels, up to 8 kHz in 81 equal steps.
    top = 15 + 27 * np.log(8) / np.log(6.4)
    mel = top * np.arange(1, 81) / 81
    centres = np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))
    assert np.abs(bands.argmax(axis=1) * hz_per_bin - centres).max() <= hz_per_bin / 2 + 1


@settings(max_examples=20, deadline=None)
@given(first=st.integers(-20, 120), count=st.integers(1, 60), length=st.integers(1, 12_000))
def test_a_stretch_of_log_mel_is_the_same_stretch_of_the_whole(first, count, length):
    samples = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    whole = log_mel(samples, -20, 220)
    assert np.abs(log_mel(samples, first, count) - whole[:, first + 20 : first + 20 + count]).max() < 1e-4


def test_frame_peaks_are_the_loudest_bands():
    samples = tone(1, SAMPLE_RATE)
    assert np.allclose(frame_peaks(samples), log_mel(samples, 0, 1 + len(samples) // HOP).max(axis=0), atol=1e-5)
