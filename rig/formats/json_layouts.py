"""Any JSON of curves: what it holds, not what it is called, says which reader takes it."""

from pathlib import Path

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.a2f_json import a2f_clip
from rig.formats.azure_json import azure_clip
from rig.formats.json_stream import json_text
from rig.formats.lam_json import lam_clip
from rig.formats.mediapipe_scores import mediapipe_clip

_TELLING = (
    (("weightMat", "Audio2Face"), a2f_clip),
    (("BlendShapes",), azure_clip),
    (("weights",), lam_clip),
    (("categoryName", "category_name", "faceBlendshapes", "blendshapes", "scores", "frames"), mediapipe_clip),
)
"""Names of members that only one layout has -> its reader; the first that fits is taken."""


def read_json_clip(path: str | Path) -> BlendshapeClip:
    """Read JSON of Audio2Face, LAM-A2E, Azure or MediaPipe, told apart by their members.

    Raises RigError where it is none of them, and as the layout's own reader does.
    """
    path = Path(path)
    text = json_text(path)
    for members, clip_of in _TELLING:
        if any(f'"{member}"' in text for member in members):
            return clip_of(text, path.name)
    raise RigError(
        f"{path.name} holds no curves; JSON of LAM-A2E (weights), Audio2Face (weightMat), Azure (BlendShapes) and "
        "MediaPipe (categoryName) can be read."
    )
