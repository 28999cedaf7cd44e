"""Smooth subdivision as a sparse matrix, so that a moving mesh is refined by one product a frame."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True, eq=False)
class Subdivision:
    """fine = matrix @ coarse.

    matrix: (V', V) float32 CSR, rows sum to 1: first the coarse vertices, which stay, then edge, then face points.
    linear: the same size, but edge and face points are plain averages (for colours, uv).
    quads: (4 Q, 4) int32, the refined quads with the winding of the coarse ones.
    """

    matrix: sparse.csr_matrix
    linear: sparse.csr_matrix
    quads: np.ndarray


def catmull_clark(quads: np.ndarray, vertex_count: int) -> Subdivision:
    """One step of Catmull-Clark (1978) for (Q, 4) quads, shifted so that it passes through the coarse vertices.

    The shift keeps what was modelled to touch touching: plain Catmull-Clark opens closed lips by half a millimetre.
    """
    face_count = len(quads)
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, edge_of_side = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True)
    edge_of_side = edge_of_side.reshape(-1)
    faces_at_edge = np.bincount(edge_of_side)
    face_points = _averages(quads, vertex_count)
    middles = _averages(edges, vertex_count)
    border = faces_at_edge == 1
    edge_points = _edge_points(middles, face_points, edge_of_side, border)
    moved = _vertex_points(quads, edges, middles, face_points, border, vertex_count)
    corners = quads.reshape(-1)
    ahead = vertex_count + edge_of_side
    behind = vertex_count + np.roll(edge_of_side.reshape(-1, 4), 1, axis=1).reshape(-1)
    centre = vertex_count + len(edges) + np.repeat(np.arange(face_count), 4)
    fine = np.stack([corners, ahead, centre, behind], axis=1).astype(np.int32)
    linear = sparse.vstack([sparse.identity(vertex_count), middles, face_points]).tocsr().astype(np.float32)
    smooth = sparse.vstack([moved, edge_points, face_points])
    passing = smooth + linear @ (sparse.identity(vertex_count) - moved)
    return Subdivision(passing.tocsr().astype(np.float32), linear, fine)


def _averages(groups: np.ndarray, vertex_count: int) -> sparse.csr_matrix:
    rows = np.repeat(np.arange(len(groups)), groups.shape[1])
    values = np.full(groups.size, 1.0 / groups.shape[1])
    return sparse.csr_matrix((values, (rows, groups.reshape(-1))), shape=(len(groups), vertex_count))


def _edge_points(
    middles: sparse.csr_matrix, face_points: sparse.csr_matrix, edge_of_side: np.ndarray, border: np.ndarray
) -> sparse.csr_matrix:
    face_of_side = np.repeat(np.arange(len(edge_of_side) // 4), 4)
    shape = (len(border), face_points.shape[0])
    beside = sparse.csr_matrix((np.full(len(edge_of_side), 0.25), (edge_of_side, face_of_side)), shape=shape)
    inner = sparse.diags(np.where(border, 0.0, 1.0))
    return sparse.diags(np.where(border, 1.0, 0.5)) @ middles + inner @ beside @ face_points


def _vertex_points(
    quads: np.ndarray, edges: np.ndarray, middles: sparse.csr_matrix, face_points: sparse.csr_matrix,
    border: np.ndarray, vertex_count: int,
) -> sparse.csr_matrix:
    """(F + 2 E + (n - 3) P) / n inside; on borders 3/4 P + 1/4 of the middles of its two border edges' far ends."""
    at_face = sparse.csr_matrix(
        (np.ones(quads.size), (quads.reshape(-1), np.repeat(np.arange(len(quads)), 4))), shape=(vertex_count, len(quads))
    )
    at_edge = sparse.csr_matrix(
        (np.ones(edges.size), (edges.reshape(-1), np.repeat(np.arange(len(edges)), 2))), shape=(vertex_count, len(edges))
    )
    valence = np.maximum(np.asarray(at_edge.sum(axis=1)).ravel(), 1)
    face_valence = np.maximum(np.asarray(at_face.sum(axis=1)).ravel(), 1)
    on_border = np.asarray(at_edge @ border.astype(float)).ravel() > 0
    inside = np.where(on_border | (valence < 3), 0.0, 1.0)
    smooth = sparse.diags(inside / (valence * face_valence)) @ at_face @ face_points
    smooth = smooth + sparse.diags(2 * inside / valence**2) @ at_edge @ middles
    smooth = smooth + sparse.diags(np.where(on_border, 0.5, np.where(valence < 3, 1.0, (valence - 3) / valence)))
    along = sparse.diags(np.where(on_border, 0.25, 0.0)) @ at_edge @ sparse.diags(border.astype(float)) @ middles
    return smooth + along
