"""Real pictures as training material for the neural portrait renderer: talking video, tracked by MediaPipe.

The keypoints' x and y and the head's rotation are tracked; the dense motion is not known. What may be used is for the
caller to know: a published weight file must name its sources.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.face.face_landmarks import FaceDetector, FaceLandmarks
from dreamtalk.portrait.head_pairs import HeadViews
from dreamtalk.portrait.head_truth import (
    KEYPOINT_LANDMARKS,
    MAP_SIZE,
    HeadTruth,
    KeypointTracks,
    canonical_keypoints,
    cell_centres,
)
from dreamtalk.portrait.neural_crop import FaceSquare, face_square
from rig.face_rig import FaceRig
from rig.rotation import matrix_from_angles

PICTURE_SIZE = 256
VIEWS = 8

_log = logging.getLogger(__name__)


def prepare_real_heads(data_dir: Path, out_dir: Path, *, seed: int = 0) -> Path:
    """Cut and track the videos of data_dir/grid_s1/video into out_dir/*.npz, one clip each; returns out_dir.

    Clips already there are kept. Raises OptionError when the folder has no videos.
    """
    videos = sorted((data_dir / "grid_s1" / "video").glob("*.mp4"))
    if not videos:
        raise OptionError(f"{data_dir} holds no grid_s1/video/*.mp4; give the data folder, or none.")
    out_dir.mkdir(parents=True, exist_ok=True)
    missing = [video for video in videos if not (out_dir / f"{video.stem}.npz").is_file()]
    if missing:
        with FaceDetector(most_faces=1) as detector:
            for video in missing:
                views = video_views(video, detector, np.random.default_rng((seed, *video.stem.encode())))
                if views is None:
                    _log.warning("%s shows no face that can be tracked; it is left out.", video)
                    continue
                views.save(out_dir / f"{video.stem}.npz")
    (out_dir / "sources.json").write_text(json.dumps([video.name for video in videos]) + "\n", encoding="utf-8")
    return out_dir


def video_views(video: Path, detector: FaceDetector, rng: np.random.Generator) -> HeadViews | None:
    """VIEWS random frames of a clip, one fixed square about the face; None where the face is lost."""
    frames = list(_frames(video))
    chosen = np.sort(rng.choice(len(frames), min(VIEWS, len(frames)), replace=False))
    found = [detector(frames[index]) for index in chosen]
    if not all(found):
        return None
    faces = [faces[0] for faces in found]
    square = face_square(faces[0].points, frames[0].shape[:2])
    pictures = [square.cut(frames[index], PICTURE_SIZE) for index in chosen]
    return HeadViews(np.stack(pictures), _still_truth(tracked_keypoints(faces, square)), rendered=False)


def tracked_keypoints(faces: list[FaceLandmarks], square: FaceSquare) -> KeypointTracks:
    """Keypoints of N faces of one person within one square.

    x, y and the rotation are tracked; depths are those of the average head, brought to the face's size.
    """
    count = len(faces)
    places = np.stack([square.keypoint_space(face.points[list(KEYPOINT_LANDMARKS), :2]) for face in faces])
    turns = np.stack([matrix_from_angles(face.angles) for face in faces]).astype(np.float32)
    average = canonical_keypoints(FaceRig.load())
    turned = average @ turns.mT
    on_face = turned[:, : places.shape[1], :2]
    spread = on_face - on_face.mean(axis=1, keepdims=True)
    scale = np.float32((spread * (places - places.mean(axis=1, keepdims=True))).sum() / (spread**2).sum())
    translation = np.zeros((count, 3), np.float32)
    translation[:, :2] = (places - scale * on_face).mean(axis=1)
    positions = scale * turned + translation[:, None]
    positions[:, : places.shape[1], :2] = places
    return KeypointTracks(scale * average, turns, translation, positions.astype(np.float32))


def _still_truth(tracks: KeypointTracks) -> HeadTruth:
    """The tracks with a motion that is not known, left still."""
    count = len(tracks.positions)
    flow = np.broadcast_to(cell_centres(MAP_SIZE), (count, count, MAP_SIZE, MAP_SIZE, 2))
    visible = np.ones(flow.shape[:-1], bool)
    return HeadTruth(tracks.canonical, tracks.rotation, tracks.translation, tracks.positions, flow, visible)


def _frames(video: Path) -> Iterator[np.ndarray]:
    import av

    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")
