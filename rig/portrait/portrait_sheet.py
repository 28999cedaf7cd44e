"""The part of the head that a portrait shows as one sheet of skin: without mouth bag and eye sockets."""

import numpy as np

from rig.face_rig import FaceRig


def contact_ring(rig: FaceRig) -> np.ndarray:
    """The edge ring on which the closed lips touch, (38,) int32, in the order of rig.loops["lips_inner"].

    It lies one ring inward of that loop, where the rig's lips lie 0.1 mm apart at rest.
    """
    inner, lips = rig.loops["lips_inner"], rig.regions["lips"]
    edges = _edges(rig.faces[lips[rig.faces].all(axis=1)])
    beside = {int(vertex): {int(v) for v in edges[(edges == vertex).any(1)].ravel()} for vertex in np.flatnonzero(lips)}
    near = set().union(*(beside[int(vertex)] for vertex in inner)) - {int(vertex) for vertex in inner}
    first = int(rig.loops["lip_midline"][0, 2])
    ring = [first]
    while True:
        onward = (beside[ring[-1]] & near) - set(ring)
        if not onward:
            break
        ring.append(max(onward, key=lambda v: rig.neutral[v, 0]) if len(ring) == 1 else onward.pop())
    return np.array(ring, dtype=np.int32)


def face_sheet(rig: FaceRig) -> np.ndarray:
    """Triangles (F, 3) int32 of the skin of head and neck whose rims are the lids' rims and the contact ring."""
    hidden = rig.regions["mouth_inside"] | rig.regions["socket_left"] | rig.regions["socket_right"]
    hidden = hidden | ~rig.regions["skin"] | rig.regions["bust"]
    for name in ("lids_left", "lids_right"):
        hidden[rig.loops[name]] = False
    hidden[_inside_contact(rig)] = True
    return rig.faces[~hidden[rig.faces].any(axis=1)]


def loop_chains(loop: np.ndarray, neutral: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A closed loop -> its (upper, lower) chains, both from its smallest x to its largest."""
    x = neutral[loop, 0]
    start, end = int(x.argmin()), int(x.argmax())
    one = np.roll(loop, -start)[: (end - start) % len(loop) + 1]
    other = np.roll(loop[::-1], -(len(loop) - 1 - start))[: (start - end) % len(loop) + 1]
    return (one, other) if neutral[one, 1].mean() > neutral[other, 1].mean() else (other, one)


def _inside_contact(rig: FaceRig) -> np.ndarray:
    """Lip vertices that lie deeper than the contact ring."""
    ring, lips = contact_ring(rig), rig.regions["lips"]
    seen = set(ring.tolist())
    edges = _edges(rig.faces[lips[rig.faces].all(axis=1)])
    outer = {int(rig.loops["lips_outer"][0])}
    stack = list(outer)
    while stack:
        here = stack.pop()
        for vertex in set(edges[(edges == here).any(1)].ravel().tolist()) - outer - seen:
            outer.add(vertex)
            stack.append(vertex)
    deeper = lips.copy()
    deeper[list(outer | seen)] = False
    return np.flatnonzero(deeper)


def _edges(faces: np.ndarray) -> np.ndarray:
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)
