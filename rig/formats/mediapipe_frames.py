"""Frames of MediaPipe's FaceLandmarker in the ways its results are written as JSON."""

from typing import Any

import numpy as np

from rig.errors import RigError
from rig.formats.json_numbers import NumberRows

_SCORES = ("faceBlendshapes", "face_blendshapes", "blendshapes", "categories", "scores")
_MATRICES = ("facialTransformationMatrixes", "facial_transformation_matrixes", "head")
_TIMES_S = {"timestampMs": 0.001, "timestamp_ms": 0.001, "time": 1.0, "time_s": 1.0, "time_sec": 1.0}


class MediaPipeFrames:
    """Frames as they come, those without a face too.

    names: of the scores, None while frames are bare rows.  rows: the scores of the frames with a face.  seen: a mark
    for every frame.  times_s: a time for every frame, or empty.
    listed: whether they stood in an object's list, so that the object tells names and rate.
    """

    def __init__(self, file_name: str) -> None:
        self._file_name, self._heads = file_name, NumberRows(f"{file_name}: the head matrix")
        self.rows = NumberRows(f"{file_name}: the scores")
        self.names: list[str] | None = None
        self.seen: list[bool] = []
        self.times_s: list[float] = []
        self.listed = False

    def add(self, frame: Any) -> None:
        """Take the next frame. Raises RigError, naming it, where it holds no scores."""
        members = frame if isinstance(frame, dict) else {"scores": frame}
        field = next((name for name in _SCORES if name in members), None)
        if field is None and members:
            raise self._bad("holds no blendshape scores")
        self._add_time(members)
        face = _first_face(members[field]) if members else None
        if face:
            self._add_scores(face)
            matrix = next((members[name] for name in _MATRICES if name in members), None)
            if matrix is not None:
                self._heads.add(_flat_matrix(matrix))
        self.seen.append(bool(face))

    def add_listed(self, frame: Any) -> None:
        """Take the next frame of an object's own list."""
        self.listed = True
        self.add(frame)

    def _add_time(self, members: dict[str, Any]) -> None:
        field = next((name for name in _TIMES_S if name in members), None)
        if field is None and not self.times_s:
            return
        if field is None or not isinstance(members[field], float) or len(self.times_s) != len(self.seen):
            raise self._bad("has no time where others have one, or one that is no number")
        self.times_s.append(members[field] * _TIMES_S[field])

    def _add_scores(self, face: Any) -> None:
        if isinstance(face, list) and all(isinstance(value, float) for value in face):
            self.rows.add(face)
            return
        try:
            named = face if isinstance(face, dict) else {_name(category): category["score"] for category in face}
        except (KeyError, TypeError):
            raise self._bad("holds no categories with a name and a score") from None
        self.names = self.names or list(named)
        if named.keys() != set(self.names):
            raise self._bad("has other categories than the first")
        self.rows.add([named[name] for name in self.names])

    def _bad(self, what: str) -> RigError:
        return RigError(f"{self._file_name}: frame {len(self.seen)} {what}; mend or drop it.")

    def matrices(self) -> np.ndarray | None:
        """(N, 4, 4) head matrices of the frames with a face, or None where not all have one."""
        return self._heads.array().reshape(-1, 4, 4) if len(self._heads) == len(self.rows) > 0 else None


def _name(category: Any) -> str:
    return str(category["categoryName"] if "categoryName" in category else category["category_name"])


def _first_face(scores: Any) -> Any:
    """Of a list of faces the first, of a face its categories; None where there is no face."""
    while True:
        if isinstance(scores, dict) and "categories" in scores:
            scores = scores["categories"]
        elif isinstance(scores, list) and scores and (isinstance(scores[0], list) or _holds_categories(scores[0])):
            scores = scores[0]
        else:
            return scores


def _holds_categories(value: Any) -> bool:
    return isinstance(value, dict) and "categories" in value


def _flat_matrix(matrix: Any) -> list[float] | None:
    """16 numbers row by row, from {"data": 16 numbers column by column}, from four rows, or from a list of faces'."""
    if isinstance(matrix, list) and matrix and (isinstance(matrix[0], dict) or _is_matrix(matrix[0])):
        matrix = matrix[0]
    if isinstance(matrix, dict) and isinstance(matrix.get("data"), list) and len(matrix["data"]) == 16:
        return [matrix["data"][4 * column + row] for row in range(4) for column in range(4)]
    if _is_matrix(matrix):
        return [value for row in matrix for value in row]
    return None


def _is_matrix(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(isinstance(row, list) and len(row) == 4 for row in value)
