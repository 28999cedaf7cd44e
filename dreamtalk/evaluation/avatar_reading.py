"""The avatar as a stranger sees it: MediaPipe's expression scores of rendered stills."""

import numpy as np

from dreamtalk.errors import DreamTalkError
from dreamtalk.face.face_landmarks import FaceDetector, FaceLandmarks
from rig.arkit import indices
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig

STILLS = 5
_CLOSE_UP = Camera(field_of_view_rad=0.2)  # closer than a video's, so that the face fills the picture
_LIDS = indices("eyeBlinkLeft", "eyeBlinkRight")


def stills(clip: BlendshapeClip, count: int = STILLS) -> BlendshapeClip:
    """`count` frames from the middle of a clip, between blinks."""
    closure = clip.weights[:, _LIDS].mean(axis=1)
    middle = np.arange(len(clip) // 5, max(len(clip) * 4 // 5, len(clip) // 5 + 1))
    awake = middle[closure[middle] < np.median(closure) + 0.15]
    awake = awake if len(awake) else middle
    chosen = awake[np.linspace(0, len(awake) - 1, count).astype(int)]
    return BlendshapeClip(clip.weights[chosen], clip.head_rotation[chosen], clip.fps)


def read_avatar(
    detector: FaceDetector, clip: BlendshapeClip, rig: FaceRig, size: int = 256
) -> tuple[np.ndarray, list[tuple[np.ndarray, FaceLandmarks]]]:
    """Mean MediaPipe scores (52,) of a clip's frames, each rendered at size x size, and the pictures with their faces.

    Raises DreamTalkError where no frame shows a face.
    """
    from rig.render import render_frames

    frames = render_frames(rig, clip, size=size, camera=_CLOSE_UP)
    seen = [(frame, face) for frame in frames for face in detector(frame)[:1]]
    if not seen:
        raise DreamTalkError("MediaPipe finds no face in the avatar; `dreamtalk doctor` says whether drawing works.")
    return np.mean([face.scores for _, face in seen], axis=0), seen
