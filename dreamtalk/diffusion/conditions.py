"""What EmoDiff is told: speech, an initial state and an emotion style, laid on the time axis of one window.

The time-aware layout of DREAM-Talk (papers.md 1.2): every frame of the window holds [values ; validity bit]. The
initial state fills the first frame or frames, style frames stand in the middle, the rest is zero. Dropping a condition
zeroes its values and its bit. Beyond the paper stands one token of style statistics, because a few frames cannot hold
a blink rate or a range.
"""

from dataclasses import dataclass, replace

import torch

BLINK_RATE_SCALE = 30.0  # blinks a minute that count as 1 in the statistics
STATISTICS_EXTRA = 1  # the blink rate beside means and deviations


@dataclass(frozen=True, eq=False)
class Conditions:
    """Conditions of B windows of N frames; D = motion channels. All float32, motion in standard deviations.

    audio: (B, N, A + 1) speech features and bit. initial, style: (B, N, D + 1). statistics: (B, 2 D + 2).
    """

    audio: torch.Tensor
    initial: torch.Tensor
    style: torch.Tensor
    statistics: torch.Tensor

    def dropped(
        self,
        audio: torch.Tensor | None = None,
        initial: torch.Tensor | None = None,
        style: torch.Tensor | None = None,
    ) -> "Conditions":
        """Zero what the (B,) bool masks name; style takes its statistics with it."""
        fields: dict[str, torch.Tensor] = {}
        if audio is not None:
            fields["audio"] = self.audio * (~audio).view(-1, 1, 1)
        if initial is not None:
            fields["initial"] = self.initial * (~initial).view(-1, 1, 1)
        if style is not None:
            fields["style"] = self.style * (~style).view(-1, 1, 1)
            fields["statistics"] = self.statistics * (~style).view(-1, 1)
        return replace(self, **fields)


def with_bit(values: torch.Tensor) -> torch.Tensor:
    """(..., D) -> (..., D + 1): valid values and their bit."""
    return torch.cat([values, torch.ones_like(values[..., :1])], -1)


def placed(frames: torch.Tensor, first: int, window: int) -> torch.Tensor:
    """(B, K, D) frames -> (B, window, D + 1), standing at first..first+K-1; zero elsewhere, bit included."""
    batch, count, size = frames.shape
    layout = frames.new_zeros(batch, window, size + 1)
    layout[:, first : first + count] = with_bit(frames)
    return layout


def style_frames(clip: torch.Tensor, count: int) -> torch.Tensor:
    """`count` frames spread evenly over a style clip: (..., M, D) -> (..., count, D)."""
    length = clip.shape[-2]
    positions = ((torch.arange(count) + 0.5) * length / count).long().clamp(max=length - 1)
    return clip[..., positions, :]


def style_statistics(clip: torch.Tensor, blinks_per_minute: torch.Tensor) -> torch.Tensor:
    """Means, deviations and blink rate of style clips (B, M, D), rates (B,) -> (B, 2 D + 1)."""
    rate = (blinks_per_minute / BLINK_RATE_SCALE).view(-1, STATISTICS_EXTRA).to(clip)
    return torch.cat([clip.mean(1), clip.std(1, correction=0), rate], -1)


def window_conditions(
    audio: torch.Tensor, initial: torch.Tensor, style: torch.Tensor, blinks_per_minute: torch.Tensor, style_count: int
) -> Conditions:
    """Conditions of B windows.

    audio: (B, N, A). initial: (B, I, D), I >= 0 frames known at the window's start. style: (B, M, D), any length M.
    style_count: K, the style frames laid in the middle, at m = (N - K) // 2.
    """
    window = audio.shape[1]
    return Conditions(
        with_bit(audio),
        placed(initial, 0, window),
        placed(style_frames(style, style_count), (window - style_count) // 2, window),
        with_bit(style_statistics(style, blinks_per_minute)),
    )
