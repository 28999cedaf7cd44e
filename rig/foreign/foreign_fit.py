"""From what a file holds to a rig that takes our curves."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from rig.avatar_part import WHITE, Layer
from rig.errors import RigError
from rig.foreign.clay import in_clay
from rig.foreign.foreign_rig import ForeignRig
from rig.foreign.head_frame import EYE_DISTANCE_M, HeadFrame, head_frame, telling_shapes
from rig.foreign.morph import Morph
from rig.foreign.rig_source import RigSource
from rig.foreign.shape_fit import EYEBALL_TURNS, find_shapes, fit_shapes
from rig.smoothstep import smoothstep

NECK_PIVOT_M = np.float32([0.0, -0.087, -0.112])
"""Where a head turns whose file has no bone for it: as in the packed head, for eyes EYE_DISTANCE_M apart."""
NECK_FROM_M, NECK_TO_M = -0.24, -0.11
"""Without a bone, the turn fades out between these heights below the eyes."""
WHOLE_BODY_M = -0.60
"""What reaches lower than this below the eyes is a body."""
CUT_M, ARMS_M = -0.42, 0.40
"""Of a body what lies lower, or further to the sides, is cut off: it is out of the picture."""
EYE_MORPH_M = 0.001
"""A look shape that moves an eyeball this far turns it by itself."""
MOST_SHOWN = 60
"""Names in the message to somebody who must write a map of them."""

_log = logging.getLogger(__name__)


def fitted_rig(source: RigSource, names: Mapping[str, str] | None = None) -> ForeignRig:
    """The rig that takes our curves; names: ARKit name -> the rig's own name, above the aliases.

    Warns once of shapes that are approximated or missing. Raises RigError where no shape is found by name.
    """
    found = find_shapes(source.morphs, names or {}, source.file)
    telling = telling_shapes(source, found)
    if not telling:
        shown = ", ".join(list(source.morphs)[:MOST_SHOWN]) or "none"
        raise RigError(
            f"{source.file} has no morph by an ARKit name (it has {shown}); give a map of names, "
            "lines such as jawOpen,Mouth_Open."
        )
    frame = head_frame(source, telling)
    points = frame.points(source.points)
    rows = _kept_rows(points)
    own = {name: _framed(morph, frame, rows) for name, morph in source.morphs.items()}
    points, eye_share = points[rows], source.eye_share[:, rows]
    pivots = _eye_pivots(source, frame)
    eyes_turn = bool(eye_share.any()) and not _eyes_have_morphs(own, found, eye_share)
    fit = fit_shapes(own, found, points, eyes_turn)
    size = float(np.linalg.norm(pivots[0] - pivots[1])) / EYE_DISTANCE_M
    joint, share = source.head_joint, source.head_share
    layers, uv = _kept_layers(source, rows), source.uv[rows]
    if not layers:
        raise RigError(f"{source.file} has nothing to draw: all of it is transparent; give its head a solid material.")
    if all(layer.texture is WHITE for layer in layers):
        layers, uv = in_clay(layers, points, uv, pivots)
    rig = ForeignRig(
        file=source.file, kind=source.kind, unit=frame.unit, neutral=points, uv=uv, layers=layers, fit=fit,
        colours=np.ones_like(points) if source.colours is None else source.colours[rows],
        own_morphs=MappingProxyType(own),
        head_weight=_neck_share(points, size) if share is None else share[rows],
        neck_pivot=NECK_PIVOT_M * np.float32(size) if joint is None else frame.points(joint),
        eye_weight=eye_share if eyes_turn else np.zeros_like(eye_share), eye_pivots=pivots, bones=source.bones,
    )  # fmt: skip
    for array in (rig.neutral, rig.uv, rig.colours, rig.head_weight, rig.neck_pivot, rig.eye_weight, rig.eye_pivots):
        array.setflags(write=False)
    _warn(rig)
    return rig


def _framed(morph: Morph, frame: HeadFrame, rows: np.ndarray) -> Morph:
    return replace(morph, offsets=frame.offsets(morph.offsets)).at(rows)


def _kept_rows(points: np.ndarray) -> np.ndarray:
    """(N,) vertices that stay: all of a head or bust; of a body what lies above the cut."""
    if points[:, 1].min(initial=0.0) > WHOLE_BODY_M:
        return np.arange(len(points))
    return np.flatnonzero((points[:, 1] > CUT_M) & (np.abs(points[:, 0]) < ARMS_M))


def _kept_layers(source: RigSource, rows: np.ndarray) -> tuple[Layer, ...]:
    place = np.full(len(source.points), -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    moved = [(layer, place[layer.faces]) for layer in source.layers]
    kept = [replace(layer, faces=faces[(faces >= 0).all(axis=1)]) for layer, faces in moved]
    return tuple(layer for layer in kept if len(layer.faces))


def _eye_pivots(source: RigSource, frame: HeadFrame) -> np.ndarray:
    """(2, 3) float32 metres."""
    if source.eye_centres is not None:
        return frame.points(source.eye_centres)
    half = np.float32(EYE_DISTANCE_M / 2)
    return np.float32([[half, 0, 0], [-half, 0, 0]])


def _eyes_have_morphs(own: Mapping[str, Morph], found: Mapping[str, str], eye_share: np.ndarray) -> bool:
    """Whether the rig's eyeLook shapes move the eyeballs themselves, so that turning them too would be twice."""
    eyes = eye_share.max(axis=0) > 0.5
    looks = [own[name] for shape, name in found.items() if shape.startswith("eyeLook")]
    reach = [np.abs(look.offsets[eyes[look.index]]).max(initial=0.0) for look in looks]
    return max(reach, default=0.0) > EYE_MORPH_M


def _neck_share(points: np.ndarray, size: float) -> np.ndarray:
    return smoothstep(NECK_FROM_M * size, NECK_TO_M * size, points[:, 1]).astype(np.float32)


def _warn(rig: ForeignRig) -> None:
    approximated = [name for name, text in rig.fit.approximated.items() if text != EYEBALL_TURNS]
    parts = []
    if approximated:
        parts.append(f"approximates {', '.join(approximated)}")
    if rig.missing:
        parts.append(f"lacks {', '.join(rig.missing)}")
    if parts:
        _log.warning("%s %s.", rig.file, " and ".join(parts))
