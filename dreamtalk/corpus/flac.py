"""Mono speech written as FLAC, 16 bits."""

from pathlib import Path

import av
import numpy as np

from rig.safe_file import written_beside


def write_flac(path: Path, samples: np.ndarray, rate: int) -> None:
    """Write samples (N,) float in [-1, 1] at `rate` Hz, louder ones clipped; the file appears whole or not at all."""
    rounded = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    with written_beside(path) as beside, av.open(str(beside), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate, layout="mono")
        stream.format = "s16"
        frame = av.AudioFrame.from_ndarray(rounded[None], format="s16", layout="mono")
        frame.rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
