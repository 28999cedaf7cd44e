"""Person: age, sex, build, ancestry and some twenty shape sliders of the packed head.

    FaceRig.load().as_person(Person.parse("woman, age=62, nose_width=0.4"))

The displacements are MakeHuman's (CC0), packed by scripts/build_people_pack.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Self

import numpy as np

from rig.errors import RigError

YOUNGEST, OLDEST = 25.0, 90.0
_ANCESTRIES = ("african", "asian", "european")
_NUMBERS = {"age": (YOUNGEST, OLDEST), "sex": (-1.0, 1.0), "weight": (-1.0, 1.0)} | {
    name: (0.0, 1.0) for name in _ANCESTRIES
}
PRESETS: Mapping[str, str] = MappingProxyType({
    "woman": "sex=-1, age=30", "man": "sex=1, age=30",
    "elderly woman": "sex=-1, age=80", "elderly man": "sex=1, age=80",
    "slim woman": "sex=-1, age=27, weight=-0.8, cheekbones=0.5",
    "stout man": "sex=1, age=50, weight=0.9, cheek_fullness=0.5",
    "hero": "sex=1, age=35, jaw_width=0.6, chin_forward=0.4, brow_height=-0.4",
    "toon": "eye_size=1, head_width=0.5, nose_length=-0.6, mouth_width=0.4, ear_size=0.6",
})  # fmt: skip
"""Name -> what it stands for; more may follow a preset: "woman, age=62"."""


@dataclass(frozen=True, eq=False)
class _People:
    """ancestries, builds: name -> (V, 3) float32 metres; sliders: name -> (2, V, 3), at -1 and at +1."""

    ancestries: Mapping[str, np.ndarray]
    builds: Mapping[str, np.ndarray]
    sliders: Mapping[str, np.ndarray]

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> "_People":
        with files("rig").joinpath("data/people_pack.npz").open("rb") as file, np.load(file) as pack:
            unit = pack["unit_m"]
            tables = [
                dict(zip(pack[f"{name}_names"].tolist(), pack[many] * unit, strict=True))
                for name, many in (("ancestry", "ancestries"), ("build", "builds"), ("slider", "sliders"))
            ]
        return _People(*tables)


def slider_names() -> tuple[str, ...]:
    """The shape sliders, each from -1 over 0 (average) to 1."""
    return tuple(_People.load().sliders)


@dataclass(frozen=True)
class Person:
    """Who the head is; every default is the average adult, which is the head as it is packed.

    age: 25 to 90 years.  sex: -1 female to 1 male.  weight: -1 slim to 1 stout.  african, asian, european: shares of
    ancestry, any numbers from 0 to 1 of which one is above 0.  sliders: name -> -1 to 1, names as slider_names().

    Raises RigError for numbers outside these ranges and for other names.
    """

    age: float = 32.8
    sex: float = 0.0
    weight: float = 0.0
    african: float = 1.0
    asian: float = 1.0
    european: float = 1.0
    sliders: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        strange = [name for name in self.sliders if name not in _People.load().sliders]
        if strange:
            raise RigError(
                f"{strange[0]!r} is no slider of the head; use {', '.join([*_NUMBERS, *slider_names()])}."
            )
        ranges = [(name, getattr(self, name), *_NUMBERS[name]) for name in _NUMBERS]
        for name, value, least, most in ranges + [(name, value, -1.0, 1.0) for name, value in self.sliders.items()]:
            if not least <= value <= most:
                raise RigError(f"{name} of a person is {value:g}; give a number from {least:g} to {most:g}.")
        if self.african + self.asian + self.european <= 0:
            raise RigError("A person has no ancestry; give african, asian or european a number above 0.")
        object.__setattr__(self, "sliders", MappingProxyType(dict(self.sliders)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Presets and name=value, separated by commas; what comes later counts: "elderly man, weight=-0.5".

        Naming an ancestry takes the others away: "asian=1". Raises RigError for what is neither.
        """
        values: dict[str, float] = {}
        for part in filter(None, (part.strip().lower() for part in text.split(","))):
            values |= _numbers(PRESETS.get(part, part))
        if any(name in values for name in _ANCESTRIES):
            values = dict.fromkeys(_ANCESTRIES, 0.0) | values
        plain = {name: value for name, value in values.items() if name in _NUMBERS}
        return cls(**plain, sliders={name: value for name, value in values.items() if name not in _NUMBERS})

    def displacement(self) -> np.ndarray:
        """What moves the packed head's vertices, (V, 3) float32 metres; the point between the eyes stays."""
        people, total = _People.load(), 0.0
        old, male = (self.age - YOUNGEST) / (OLDEST - YOUNGEST), (self.sex + 1) / 2
        shares = np.array([self.african, self.asian, self.european]) / (self.african + self.asian + self.european)
        builds = {"min": max(-self.weight, 0.0), "average": 1 - abs(self.weight), "max": max(self.weight, 0.0)}
        for sex, sex_share in (("female", 1 - male), ("male", male)):
            for age, age_share in (("young", 1 - old), ("old", old)):
                for ancestry, share in zip(("african", "asian", "caucasian"), shares, strict=True):
                    total = total + sex_share * age_share * share * people.ancestries[f"{ancestry}-{sex}-{age}"]
                for build, share in builds.items():
                    total = total + sex_share * age_share * share * people.builds[f"{sex}-{age}-{build}"]
        for name, value in self.sliders.items():
            total = total + abs(value) * people.sliders[name][int(value > 0)]
        return np.asarray(total, dtype=np.float32)


def _numbers(text: str) -> dict[str, float]:
    found = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        try:
            found[name.replace("-", "_").replace(" ", "_")] = float(value)
        except ValueError:
            what = f"{name} has no number" if equals else f"{part.strip()!r} is no preset"
            raise RigError(
                f"{what}; write presets ({', '.join(PRESETS)}) or name=value, such as age=60, separated by commas."
            ) from None
    return found
