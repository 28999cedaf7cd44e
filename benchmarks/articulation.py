"""The articulation model beside dominance functions, on words that nobody taught them.

    python benchmarks/articulation.py DATA [--steps N] [--words WORD ...]

DATA holds grid_s1, and facegood if it is to train too. GRID sentences with one of the words are kept from training, and
both are then measured on the frames of these words in every third of them, pooled (docs/articulation.md).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dreamtalk.corpus import grid_corpus, read_corpus  # noqa: E402
from dreamtalk.measures import amplitude, correlation  # noqa: E402
from dreamtalk.mouth.articulation import ArticulationConfig, ArticulationModel, ArticulationNetwork  # noqa: E402
from dreamtalk.mouth.speaking_style import SpeakingStyle  # noqa: E402
from dreamtalk.training.capture_phones import with_phones  # noqa: E402
from dreamtalk.training.train_articulation import PhoneClip, phone_clips, train_network  # noqa: E402
from dreamtalk.training.training_clip import FPS, Recording  # noqa: E402
from rig.arkit import INDEX  # noqa: E402
from rig.face_rig import FaceRig  # noqa: E402
from rig.mouth import lip_aperture_mm, mouth_width_mm  # noqa: E402

WORDS = ("white", "nine", "two", "soon", "by", "o", "b")
STEPS = 2400
SYSTEMS = {"dominance functions": ArticulationConfig(dominance=True), "network": ArticulationConfig()}
Words = dict[str, list[tuple[float, float, str]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N")
    parser.add_argument("--words", nargs="+", default=WORDS, metavar="WORD")
    arguments = parser.parse_args()
    words = grid_corpus.read_words(arguments.data / grid_corpus.CORPUS)
    recordings = with_phones(read_corpus(arguments.data).training, arguments.data)
    unseen = [each for each in recordings if word_frames(each, words, arguments.words).any()]
    kept = {each.name for each in unseen}
    clips = phone_clips([each for each in recordings if each.name not in kept])
    print("| articulation | jaw r | aperture r | width r | amplitude |\n|---|---|---|---|---|")
    for name, config in SYSTEMS.items():
        model = ArticulationModel(trained(clips, config, arguments.steps))
        figures = measured(model, unseen[::3], words, arguments.words)
        print(f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |")


def trained(clips: list[PhoneClip], config: ArticulationConfig, steps: int) -> ArticulationNetwork:
    network = ArticulationNetwork(config)
    with tempfile.TemporaryDirectory() as folder:
        network.load_state_dict(train_network(clips, config, Path(folder) / "articulation.ckpt", steps, 0))
    return network


def measured(model: ArticulationModel, recordings: list[Recording], words: Words, held: Iterable[str]) -> list[float]:
    """Jaw r, aperture r, width r and amplitude over the frames of the held-out words."""
    own, real = [], []
    for recording in recordings:
        frames = word_frames(recording, words, held) & recording.valid
        own.append(model.mouth(recording.phones, len(recording), FPS, SpeakingStyle(speaker=0.0))[frames])
        real.append(recording.weights[frames])
    predicted, truth, rig = np.concatenate(own), np.concatenate(real), FaceRig.load()
    apertures = lip_aperture_mm(rig, predicted), lip_aperture_mm(rig, truth)
    return [
        correlation(predicted[:, INDEX["jawOpen"]], truth[:, INDEX["jawOpen"]]),
        correlation(*apertures),
        correlation(mouth_width_mm(rig, predicted), mouth_width_mm(rig, truth)),
        amplitude(*apertures),
    ]


def word_frames(recording: Recording, words: Words, held: Iterable[str]) -> np.ndarray:
    """(T,) bool: frames in which one of the held-out words is said; none outside GRID."""
    frames = np.zeros(len(recording), bool)
    for start_s, end_s, word in words.get(recording.name.split("/")[-1], ()):
        if recording.corpus == grid_corpus.CORPUS and word in set(held):
            frames[int(start_s * FPS) + 1 : int(end_s * FPS) + 2] = True
    return frames


if __name__ == "__main__":
    main()
