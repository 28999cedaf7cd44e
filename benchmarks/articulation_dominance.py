"""The classic rival of the articulation model: dominance functions (Cohen and Massaro 1993), fitted by gradient.

Every phone has a target for each mouth shape and speaker; how much it counts falls off exponentially before its start
and after its end, at rates of its own for jaw, lips, rounding and spreading. Same captures, losses and held-out part as
`dreamtalk train articulation`:

    python benchmarks/articulation_dominance.py DATA [--steps N]
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dreamtalk.articulation import SPEAKERS, ArticulationConfig, ArticulationModel  # noqa: E402
from dreamtalk.capture_phones import with_phones  # noqa: E402
from dreamtalk.corpus import read_corpus  # noqa: E402
from dreamtalk.phones import PHONES  # noqa: E402
from dreamtalk.train_articulation import (  # noqa: E402
    BATCH,
    articulation_loss,
    articulation_scores,
    batch_of,
    fit_amplitude,
    phone_clips,
)
from rig.arkit import MOUTH, NAMES  # noqa: E402
from rig.face_rig import FaceRig  # noqa: E402
from rig.mouth import lip_basis  # noqa: E402

REACH = 20  # frames at 50 Hz over which a phone may count
GROUPS = ("jaw", "mouthFunnel mouthPucker", "mouthSmile mouthStretch mouthDimple", "mouth")
RATE = 0.02


class DominanceNetwork(nn.Module):
    """Phone features and speaker -> mouth shapes, with the interface of ArticulationNetwork."""

    def __init__(self) -> None:
        super().__init__()
        self.config = ArticulationConfig()
        count, groups = len(PHONES), len(GROUPS)
        self.target = nn.Parameter(torch.zeros(len(SPEAKERS), count, len(MOUTH)))
        self.strength = nn.Parameter(torch.zeros(count, groups))
        self.before = nn.Parameter(torch.full((count, groups), -1.0))
        self.after = nn.Parameter(torch.full((count, groups), -1.0))
        names = [NAMES[column] for column in MOUTH]
        group = [next(n for n, g in enumerate(GROUPS) if name.startswith(tuple(g.split()))) for name in names]
        self.register_buffer("group", torch.tensor(group))
        self.register_buffer("centre", torch.zeros(len(MOUTH)))
        self.register_buffer("amplitude", torch.ones(len(MOUTH)))

    def forward(self, features: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        shares = features[..., : len(PHONES)]
        targets = torch.einsum("bs,spm->bpm", speaker, self.target)
        padded = nn.functional.pad(shares.transpose(1, 2), (REACH, REACH), mode="replicate")
        steps = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
        upper = torch.zeros(len(shares), len(MOUTH), shares.shape[1])
        total = torch.zeros(len(shares), len(GROUPS), shares.shape[1])
        # a frame d steps on counts as what is to come (before), one d steps back as what was (after)
        rate = torch.where(steps > 0, self.before.exp()[..., None], self.after.exp()[..., None])
        kernel = (self.strength[..., None] - rate * steps.abs()).exp().permute(1, 0, 2)
        for group in range(len(GROUPS)):
            columns = self.group == group
            total[:, group] = nn.functional.conv1d(padded, kernel[group : group + 1])[:, 0]
            weighted = kernel[group][None, None] * targets.transpose(1, 2)[:, columns, :, None]
            for row in range(len(shares)):
                upper[row, columns] = nn.functional.conv1d(padded[row : row + 1], weighted[row])[0]
        return (upper / total[:, self.group].clamp(min=1e-6)).transpose(1, 2)

    def finished(self, mouth: torch.Tensor) -> torch.Tensor:
        return (self.centre + self.amplitude * (mouth - self.centre)).clamp(0.0, 1.0)


def fitted(clips: list, steps: int) -> DominanceNetwork:
    torch.manual_seed(0)
    network, basis = DominanceNetwork(), lip_basis(FaceRig.load())
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        features, speaker, mouth, weight = batch_of(clips, BATCH, np.random.default_rng((0, step)))
        loss = articulation_loss(network(features, speaker)[:, ::2], mouth, weight, basis)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fit_amplitude(network.eval(), clips)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--steps", type=int, default=500, metavar="N")
    arguments = parser.parse_args()
    corpus = read_corpus(arguments.data)
    network = fitted(phone_clips(with_phones(corpus.training, arguments.data)), arguments.steps)
    scores = articulation_scores(ArticulationModel(network), with_phones(corpus.validation, arguments.data))
    print(json.dumps({name: found.rounded() for name, found in scores.items()}, indent=1))


if __name__ == "__main__":
    main()
