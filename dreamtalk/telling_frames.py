"""Which frames of a clip show best what happens in it."""

import numpy as np

from rig.arkit import MOUTH, NAMES, indices
from rig.clip import BlendshapeClip

_BLINK = indices("eyeBlinkLeft", "eyeBlinkRight")
_CLOSING = indices("mouthClose", "mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper")


def telling_frames(clip: BlendshapeClip, count: int) -> np.ndarray:
    """Ascending indices of at most `count` frames of `clip`, (n,) int64.

    The clip is cut into `count` equal stretches; each gives the frame with the most in its face and the eyes open,
    taken from its middle half, so that neighbours stay apart.
    """
    count = min(count, len(clip))
    shown = np.setdiff1d(np.arange(len(NAMES)), np.concatenate([_BLINK, _CLOSING]))
    telling = clip.weights[:, shown].sum(axis=1) + clip.weights[:, np.setdiff1d(MOUTH, _CLOSING)].sum(axis=1)
    telling = telling - 4 * clip.weights[:, _BLINK].max(axis=1)
    edges = np.arange(count + 1) * len(clip) // count
    picked = []
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        quarter = (stop - start) // 4
        picked.append(start + quarter + int(np.argmax(telling[start + quarter : stop - quarter])))
    return np.array(picked, dtype=np.int64)
