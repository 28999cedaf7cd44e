"""Write the hashes of all shipped weights into dreamtalk/data/weights/manifest.json.

    python scripts/hash_weights.py

Run it after any weight file or its config.json changed; a test fails until it was.
"""

import json
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dreamtalk.weights import MANIFEST, hash_folder, shipped_folder  # noqa: E402
from rig.safe_file import written_beside  # noqa: E402


def main() -> None:
    root = shipped_folder()
    hashes = hash_folder(root)
    with written_beside(root / MANIFEST) as beside:
        beside.write_text(json.dumps(hashes, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    logging.info("%s: %s", root / MANIFEST, ", ".join(hashes) or "no weights")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
