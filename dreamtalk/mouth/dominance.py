"""Dominance functions: how far each phone pulls the mouth toward its own target, and for how long.

Source: "Modeling coarticulation in synthetic visual speech" (Cohen and Massaro 1993). A phone's hold falls off
exponentially before its start and after its end, at rates of its own for jaw, rounding, spreading and lips; at every
instant the mouth is the mean of all targets, each by its hold.
"""

import torch
from torch import nn
from torch.nn import functional

from rig.arkit import MOUTH, NAMES

REACH = 20
"""Frames over which a phone may pull."""
_GROUPS = (("jaw",), ("mouthFunnel", "mouthPucker"), ("mouthSmile", "mouthStretch", "mouthDimple"), ("mouth",))
_LEARN_FASTER = 6.0  # the few numbers here want larger steps than the network beside them
_RATE = -1.2  # where the fall-off starts out: about 60 ms at 50 Hz


class Dominance(nn.Module):
    """Shares of phones over time and of speakers -> the 27 mouth shapes; all it hears of a phone is when it is said."""

    def __init__(self, phones: int, speakers: int) -> None:
        super().__init__()
        self.target = nn.Parameter(torch.zeros(phones, len(MOUTH)))  # everybody's, for phones a speaker never said
        self.manner = nn.Parameter(torch.zeros(speakers, phones, len(MOUTH)))  # what a speaker adds
        self.strength = nn.Parameter(torch.zeros(len(_GROUPS), phones))
        self.before = nn.Parameter(torch.zeros(len(_GROUPS), phones))
        self.after = nn.Parameter(torch.zeros(len(_GROUPS), phones))
        names = [NAMES[column] for column in MOUTH]
        group = [next(n for n, starts in enumerate(_GROUPS) if name.startswith(starts)) for name in names]
        self.register_buffer("group", torch.tensor(group), persistent=False)

    def forward(self, features: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        """features (B, T, F), the shares of phones first; speaker (B, speakers) -> (B, T, 27), not clamped."""
        shares = features[..., : len(self.target)]
        targets = _LEARN_FASTER * (self.target + torch.einsum("bs,spm->bpm", speaker, self.manner))
        padded = functional.pad(shares.transpose(1, 2), (REACH, REACH), mode="replicate")
        mouth = shares.new_zeros(*shares.shape[:2], len(MOUTH))
        for number, kernel in enumerate(self._kernels()):
            hold = functional.conv1d(padded, kernel[:, None], groups=len(kernel)).transpose(1, 2)
            columns = self.group == number
            mouth[..., columns] = hold @ targets[..., columns] / hold.sum(-1, keepdim=True)
        return mouth

    def _kernels(self) -> torch.Tensor:
        """(groups, phones, 2 * REACH + 1): the hold of a phone on the frame in the middle, from earlier to later."""
        steps = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
        before, after = (_LEARN_FASTER * rate + _RATE for rate in (self.before, self.after))
        rate = torch.where(steps > 0, before[..., None], after[..., None]).exp()
        return (_LEARN_FASTER * self.strength[..., None] - rate * steps.abs()).exp()
