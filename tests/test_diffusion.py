"""Schedule, sampler, conditions, denoiser and guidance."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.diffusion.conditions import placed, style_frames, style_statistics, window_conditions
from dreamtalk.diffusion.denoiser import Denoiser, DenoiserConfig, distance_bias
from dreamtalk.diffusion.diffusion import cosine_schedule, ddim_sample, diffusion_loss, sampling_steps
from dreamtalk.diffusion.guidance import guided
from dreamtalk.errors import OptionError
from dreamtalk.speech.hearing import FEATURE_SIZE

SCHEDULE = cosine_schedule()


def conditions(batch: int = 2, window: int = 12, seed: int = 0):
    g = torch.Generator().manual_seed(seed)
    audio = torch.randn(batch, window, FEATURE_SIZE, generator=g)
    known = torch.randn(batch, 2, 55, generator=g)
    style = torch.randn(batch, 30, 55, generator=g)
    return window_conditions(audio, known, style, torch.tensor([15.0] * batch), 4)


def debug_network(seed: int = 0) -> Denoiser:
    torch.manual_seed(seed)
    return Denoiser(DenoiserConfig.debug()).eval()


def test_schedule_falls_from_signal_to_noise():
    assert SCHEDULE.abar[0] > 0.9999 and SCHEDULE.abar[-1] < 1e-4
    assert (SCHEDULE.abar.diff() < 0).all()


@given(st.integers(0, 999), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_noise_is_recovered_from_the_noised(step, seed):
    g = torch.Generator().manual_seed(seed)
    x_0, noise = torch.randn(2, 3, 5, generator=g), torch.randn(2, 3, 5, generator=g)
    t = torch.full((2,), step)
    found = SCHEDULE.noise_of(SCHEDULE.add_noise(x_0, noise, t), x_0, t)
    assert torch.allclose(found, noise, atol=2e-2)


def gaussian_denoiser(mean: float, deviation: float):
    """The exact x_0 estimate where the data are Gaussian: E[x_0 | x_t]."""

    def denoise(x_t, t):
        abar = SCHEDULE.abar[t].view(-1, 1, 1)
        variance = deviation**2
        return mean + variance * abar.sqrt() * (x_t - abar.sqrt() * mean) / (abar * variance + 1 - abar)

    return denoise


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_sampler_meets_a_known_distribution(eta):
    g = torch.Generator().manual_seed(1)
    noise = torch.randn(1, 4000, 2, generator=g)
    drawn = ddim_sample(gaussian_denoiser(1.5, 0.4), noise, SCHEDULE, 100, eta=eta, generator=g)
    assert abs(drawn.mean() - 1.5) < 0.03 and abs(drawn.std() - 0.4) < 0.03


def test_steps_fall_from_the_last_to_the_first():
    assert sampling_steps(4) == [999, 666, 333, 0]
    assert sampling_steps(1) == [999]


@pytest.mark.parametrize("steps", [0, -3, 1001])
def test_impossible_step_counts_are_refused(steps):
    with pytest.raises(OptionError, match="sampling steps"):
        sampling_steps(steps)


def test_loss_ignores_what_was_not_captured():
    x_0, valid = torch.randn(3, 6, 4), torch.ones(3, 6, 4)
    valid[:, :, 1] = 0

    def wrong_in_the_uncaptured(x_t, t):
        estimate = x_0.clone()
        estimate[:, :, 1] += 100
        return estimate

    def loss(denoise):
        return diffusion_loss(denoise, x_0, valid, SCHEDULE, torch.Generator().manual_seed(0)).item()

    assert loss(wrong_in_the_uncaptured) == 0.0
    assert loss(lambda x_t, t: x_0 + 1) == pytest.approx(1.0)  # off by a constant: no velocity error


def test_conditions_lie_where_the_paper_puts_them():
    frames = torch.arange(6.0).view(1, 3, 2)
    layout = placed(frames, 4, 10)
    assert layout.shape == (1, 10, 3)
    assert torch.equal(layout[0, 4:7, :2], frames[0]) and (layout[0, 4:7, 2] == 1).all()
    assert layout.sum() == frames.sum() + 3


def test_dropping_a_condition_takes_its_validity_bit():
    full = conditions()
    drop = torch.tensor([True, False])
    less = full.dropped(audio=drop, style=drop)
    assert (less.audio[0] == 0).all() and (less.style[0] == 0).all() and (less.statistics[0] == 0).all()
    assert torch.equal(less.audio[1], full.audio[1]) and torch.equal(less.initial, full.initial)


def test_style_frames_span_the_clip_and_statistics_describe_it():
    clip = torch.arange(100.0).view(1, 100, 1)
    assert style_frames(clip, 4)[0, :, 0].tolist() == [12, 37, 62, 87]
    mean, deviation, rate = style_statistics(clip, torch.tensor([30.0]))[0].tolist()
    assert mean == pytest.approx(49.5) and deviation == pytest.approx(28.866, abs=1e-2) and rate == 1.0


def test_attention_bias_hides_what_lies_outside_the_band():
    bias = distance_bias(6, 2, 1.0, 2)
    assert torch.isinf(bias[:, 0, 3:]).all() and torch.isfinite(bias[:, 0, :3]).all()
    assert bias[0, 0, 1] == -1.0 and bias[1, 0, 2] == 0.0


def test_a_frame_hears_its_neighbourhood_only():
    network, given_conditions = debug_network(), conditions(1, 30)
    x, t = torch.randn(1, 30, 55), torch.tensor([500])
    before = network.encode(given_conditions)
    given_conditions.audio[:, 25, :-1] = 7.0
    after = network.encode(given_conditions)
    changed = (before != after).any(-1)[0]
    assert changed[25] and not changed[:23].any()
    cross = network.layers[0].cross_attention
    bias = torch.nn.functional.pad(distance_bias(30, 2, 2.0, 4), (0, 1))
    y = torch.randn(1, 30, 16)
    assert torch.equal(cross(y, before, bias)[:, :19], cross(y, after, bias)[:, :19])
    assert network(x, t, after).shape == (1, 30, 55)


def test_plain_guidance_is_the_conditional_network():
    network, given_conditions = debug_network(), conditions()
    x, t = torch.randn(2, 12, 55), torch.tensor([300, 300])
    plain = network(x, t, network.encode(given_conditions))
    assert torch.allclose(guided(network, given_conditions)(x, t), plain, atol=1e-6)


@given(st.floats(0, 4), st.floats(0, 4))
@settings(max_examples=10, deadline=None)
def test_guidance_is_the_stated_combination(audio_scale, style_scale):
    network, full = debug_network(), conditions()
    x, t = torch.randn(2, 12, 55, generator=torch.Generator().manual_seed(3)), torch.tensor([100, 900])
    everything = torch.ones(2, dtype=torch.bool)
    with torch.no_grad():
        both = network(x, t, network.encode(full))
        audio = network(x, t, network.encode(full.dropped(style=everything)))
        none = network(x, t, network.encode(full.dropped(audio=everything, style=everything)))
        wanted = none + audio_scale * (audio - none) + style_scale * (both - audio)
        assert torch.allclose(guided(network, full, audio_scale, style_scale)(x, t), wanted, atol=1e-4)


def test_a_tiny_network_learns():
    torch.manual_seed(0)
    network, full = Denoiser(DenoiserConfig.debug()), conditions(8)
    x_0 = torch.sin(torch.arange(12.0)).view(1, 12, 1).expand(8, 12, 55) * 2
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2)
    losses = []
    for step in range(60):
        generator = torch.Generator().manual_seed(step)
        memory = network.encode(full)
        loss = diffusion_loss(lambda x, t, m=memory: network(x, t, m), x_0, torch.ones(8, 12, 55), SCHEDULE, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.35 * np.mean(losses[:3])
