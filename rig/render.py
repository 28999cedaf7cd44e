"""A clip as pictures of the avatar."""

from collections.abc import Iterator

import numpy as np

from rig.avatar import Avatar
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.face_rig import FaceRig
from rig.foreign.foreign_avatar import ForeignAvatar, framed_camera
from rig.foreign.foreign_rig import ForeignRig
from rig.look import Look

BACKENDS = ("moderngl", "pyrender", "pytorch3d")


def render_frames(
    rig: FaceRig | ForeignRig,
    clip: BlendshapeClip,
    size: int = 512,
    look: Look | None = None,
    camera: Camera | None = None,
    backend: str = "moderngl",
    samples: int = 4,
) -> Iterator[np.ndarray]:
    """The avatar's frames, one for each of the clip's, (size, size, 3) uint8 sRGB; memory does not grow with the clip.

    rig: the packed head is dressed in the look; of a foreign one the look only gives light and background.
    camera: None = head and shoulders.
    backend: "moderngl" (fast, the default), "pyrender" or "pytorch3d" (optional); all three draw the same picture but
    for the smoothing of edges.  samples: smoothing, samples a pixel: 1, 2, 4 or 8 (pyrender always takes 4).
    The same arguments give the same bytes on the same graphics driver. Raises RigError at once for bad arguments, or
    where the backend is not there.
    """
    if backend not in BACKENDS:
        raise RigError(f"The backend {backend!r} is not known; choose one of {', '.join(BACKENDS)}.")
    if not 16 <= size <= 4096:
        raise RigError(f"A picture of {size} pixels cannot be drawn; the side must lie between 16 and 4096.")
    if samples not in (1, 2, 4, 8):
        raise RigError(f"{samples} samples a pixel are not offered; choose 1, 2, 4 or 8.")
    renderer = _backend(backend)(_avatar(rig, look or Look(), camera), size, samples)
    return _frames(renderer, clip)


def _avatar(rig: FaceRig | ForeignRig, look: Look, camera: Camera | None) -> Avatar | ForeignAvatar:
    if isinstance(rig, ForeignRig):
        return ForeignAvatar(rig, look, camera or framed_camera(rig))
    return Avatar(rig, look, camera or Camera())


def _backend(name: str):
    """The renderer class; what it needs is imported, or missed, here."""
    if name == "moderngl":
        from rig.render_moderngl import ModernglRenderer

        return ModernglRenderer
    if name == "pyrender":
        from rig.render_pyrender import PyrenderRenderer, import_pyrender

        import_pyrender()
        return PyrenderRenderer
    from rig.render_pytorch3d import Pytorch3dRenderer, import_pytorch3d

    import_pytorch3d()
    return Pytorch3dRenderer


def _frames(renderer, clip: BlendshapeClip) -> Iterator[np.ndarray]:
    eyes = clip.eyes()
    try:
        for weights, head, eye in zip(clip.weights, clip.head_rotation, eyes, strict=True):
            yield renderer.draw(renderer.avatar.pose(weights, head, eye))
    finally:
        renderer.release()
