"""The card beside a weight file: what it was trained on, how, under which licence, and how well it does."""

from collections.abc import Mapping, Sequence

import numpy as np

from dreamtalk.corpus import HELD_OUT_FACEGOOD
from dreamtalk.evaluation.motion_score import MotionScore, score
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.motion import MotionGenerator
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.audio import Waveform
from dreamtalk.training.training_clip import Recording
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig

CAPTURES = """- Data: `grid_s1` (GRID corpus, speaker 1, tracked and calibrated; CC BY 4.0; Cooke, Barker, Cunningham,
  Shao 2006) and `facegood` (FACEGOOD, MIT)"""
REELS = """, joined to reels with pauses, in four copies, three of them with other
  speeds, voices, rooms, microphones, noise and lines."""
HELD_OUT = f"""
- Held out: one GRID sentence in ten (by hash of its name) and the file {HELD_OUT_FACEGOOD}; of synthetic speech, seven
  voices with sentences of their own. GRID's and FACEGOOD's speakers are known ones: docs/ablation.md measures others.
"""
DATA = f"{CAPTURES}{REELS} Nothing else.{HELD_OUT}"
DATA_WITH_SYNTHETIC = f"""{CAPTURES}
  and `synthetic`, 30 minutes of Kokoro-82M (Apache-2.0), flite and festival voices in seven languages with known
  phone times, whose mouths come from the articulation model{REELS}
  Upper face, emotion, blinks, gaze and head come from this project's own expression model. Nothing else.{HELD_OUT}"""


def validation_scores(
    generator: MotionGenerator, recordings: Sequence[Recording], options: AnimationOptions | None = None
) -> dict[str, MotionScore]:
    """Scores by corpus of what `generator` makes of held-out recordings, with a neutral face."""
    style, rig = synthesize_expression("neutral", 0.0, 200, np.random.default_rng(0)), FaceRig.load()

    def animate(recording: Recording) -> BlendshapeClip:
        return generator.generate(Waveform(recording.samples), style, None, options)

    corpora = sorted({recording.corpus for recording in recordings})
    return {name: score(animate, [r for r in recordings if r.corpus == name], rig) for name in corpora}


def card(
    title: str, task: str, recipe: str, scores: Mapping[str, MotionScore], data: str = DATA_WITH_SYNTHETIC
) -> str:
    """The text of a CARD.md; recipe and data: lines of the list, command and seed in the recipe."""
    head = f"# {title}\n\n{task}\n\n{data}{recipe}- Licence: as the project's.\n"
    return f"{head}\n## Figures on the held-out part\n\n{figures_table(scores)}\nDefinitions: docs/evaluation.md.\n"


def figures_table(scores: Mapping[str, MotionScore]) -> str:
    """A Markdown table, one row per measure that was taken, one column per corpus."""
    columns = {name: found.rounded() for name, found in scores.items()}
    if not columns:
        return "Not measured: the data folder held nothing out.\n"
    measures = [
        name for name in next(iter(columns.values())) if any(found[name] is not None for found in columns.values())
    ]
    lines = ["| measure | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(str(found[name]) for found in columns.values()) + " |" for name in measures]
    return "\n".join(lines) + "\n"
