"""The animation of a glTF document in the making: what nodes do over the frames of a clip."""

from typing import Any

import numpy as np

from rig.formats.gltf_document import GltfDocument


class GltfAnimation:
    """Channels of one animation; finish() hands it to the document.

    The frame rate stands in the animation's extras as fps, since glTF itself knows none.
    """

    def __init__(self, document: GltfDocument, name: str, fps: float, frame_count: int) -> None:
        self._document = document
        self._entry: dict[str, Any] = {"name": name, "samplers": [], "channels": [], "extras": {"fps": fps}}
        self._times = (np.arange(frame_count) / fps).astype(np.float32)
        self._clocks: dict[bool, int] = {}

    def animate(self, node: int, path: str, values: np.ndarray, each_frame: bool = False) -> None:
        """path: "translation" with (T, 3), "rotation" with (T, 4), "weights" with (T, N).

        Frames are joined by straight lines, rotations by the shortest turn. Where nothing moves the first and the last
        key are enough, unless each_frame asks for all.
        """
        still = not each_frame and len(values) > 2 and bool((values == values[0]).all())
        values = np.ascontiguousarray(values[[0, -1]] if still else values, dtype=np.float32)
        output = self._document.add_array(values.ravel() if path == "weights" else values)
        self._entry["samplers"].append({"input": self._clock(still), "output": output})
        target = {"node": node, "path": path}
        self._entry["channels"].append({"sampler": len(self._entry["samplers"]) - 1, "target": target})

    def finish(self) -> None:
        self._document.add("animations", self._entry)

    def _clock(self, still: bool) -> int:
        """The accessor of all frames' times, or of the first and the last; channels share it."""
        if still not in self._clocks:
            times = self._times[[0, -1]] if still else self._times
            self._clocks[still] = self._document.add_array(times, limits=True)
        return self._clocks[still]
