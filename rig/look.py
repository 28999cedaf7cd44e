"""Look: everything about the avatar's appearance that is not its shape."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from rig.errors import RigError

HAIR_STYLES = ("short", "bob", "shaved")
SKINS = (
    (244, 208, 184), (236, 190, 162), (224, 172, 140), (198, 144, 110), (160, 108, 78), (118, 76, 55), (86, 55, 42),
)
LIPS = ((196, 110, 104), (188, 98, 96), (176, 88, 84), (154, 76, 70), (126, 66, 60), (98, 54, 50), (80, 45, 43))
IRISES = ((92, 62, 38), (70, 46, 30), (108, 88, 50), (96, 112, 82), (92, 122, 146), (110, 130, 148))
HAIRS = ((38, 28, 24), (58, 40, 30), (88, 60, 40), (128, 88, 52), (186, 150, 100), (112, 52, 30), (150, 146, 142))
CLOTHES = ((52, 74, 104), (98, 42, 48), (60, 84, 70), (196, 190, 180), (40, 42, 50), (120, 96, 134), (176, 122, 70))
BACKGROUNDS = ((196, 206, 214), (214, 204, 190), (170, 186, 180), (120, 132, 150), (206, 198, 208), (84, 92, 104))

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Light:
    """direction: (x, y, z) from the head to the light; colour: (r, g, b) linear, 1 = white at full strength."""

    direction: tuple[float, float, float]
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """Colours are sRGB 0..255; the lights are linear. Build one by hand, or take Look.random(rng).

    freckles, stubble: 0..1.  brow_thickness: 1 = usual.  hair: "short", "bob" or "shaved".  seed: pattern of skin, hair
    and irises.
    """

    skin: Colour = (234, 188, 162)
    lips: Colour = (188, 100, 98)
    iris: Colour = (96, 112, 82)
    hair_colour: Colour = (72, 48, 34)
    brows: Colour = (70, 48, 36)
    cloth: Colour = (52, 74, 104)
    background: Colour = (196, 206, 214)
    hair: str = "short"
    freckles: float = 0.0
    stubble: float = 0.0
    brow_thickness: float = 1.0
    key: Light = field(default_factory=lambda: Light((-0.75, 0.65, 0.85), (0.80, 0.745, 0.69)))
    fill: Light = field(default_factory=lambda: Light((0.95, 0.1, 0.55), (0.15, 0.165, 0.19)))
    rim: Light = field(default_factory=lambda: Light((0.6, 0.5, -0.75), (0.5, 0.5, 0.52)))
    ambient: float = 0.36
    seed: int = 0

    def __post_init__(self) -> None:
        if self.hair not in HAIR_STYLES:
            raise RigError(f"The hair style {self.hair!r} is not known; choose one of {', '.join(HAIR_STYLES)}.")
        for name in ("skin", "lips", "iris", "hair_colour", "brows", "cloth", "background"):
            value = getattr(self, name)
            if len(value) != 3 or not all(0 <= channel <= 255 for channel in value):
                raise RigError(f"The colour {name} is {value}; it must be three numbers from 0 to 255.")

    @classmethod
    def random(cls, rng: np.random.Generator) -> Self:
        """A random person in random light; the same generator state gives the same look."""
        tone = rng.uniform(0, len(SKINS) - 1)
        hair = _varied(HAIRS[rng.integers(0, 2)] if tone > 3 else HAIRS[rng.integers(len(HAIRS))], rng, 5)
        side = rng.choice([-1.0, 1.0])
        strength = rng.uniform(0.62, 0.92)
        warm = rng.uniform(-0.12, 0.12)
        key = Light(
            (float(-side * rng.uniform(0.2, 0.9)), float(rng.uniform(0.25, 0.9)), float(rng.uniform(0.6, 1.1))),
            (float(strength * (1.0 + warm)), float(strength * 0.97), float(strength * (0.95 - warm))),
        )
        return cls(
            skin=_varied(_between(SKINS, tone), rng, 6), lips=_varied(_between(LIPS, tone), rng, 12),
            iris=_varied(IRISES[rng.integers(0, 2)] if tone > 3.5 else IRISES[rng.integers(len(IRISES))], rng, 10),
            hair_colour=hair, brows=_varied(tuple(int(0.85 * channel) for channel in hair), rng, 4),
            cloth=_varied(CLOTHES[rng.integers(len(CLOTHES))], rng, 20),
            background=_varied(BACKGROUNDS[rng.integers(len(BACKGROUNDS))], rng, 20),
            hair=str(rng.choice(HAIR_STYLES, p=[0.5, 0.38, 0.12])),
            freckles=float(max(0.0, rng.uniform(-1.5, 0.8))) if tone < 2.5 else 0.0,
            stubble=float(max(0.0, rng.uniform(-1.0, 0.8))), brow_thickness=float(rng.uniform(0.75, 1.3)), key=key,
            fill=Light((float(side * 0.9), 0.15, 0.7), _grey(rng.uniform(0.08, 0.26), 0.1)),
            rim=Light((float(side * 0.6), 0.5, -0.75), _grey(rng.uniform(0.1, 0.8), 0.0)),
            ambient=float(rng.uniform(0.28, 0.46)), seed=int(rng.integers(1 << 31)),
        )


def _grey(strength: float, cool: float) -> tuple[float, float, float]:
    return (float(strength * (1 - cool)), float(strength), float(strength * (1 + cool)))


def _between(palette: tuple[Colour, ...], position: float) -> tuple[float, ...]:
    low = min(int(position), len(palette) - 2)
    share = position - low
    return tuple(a + share * (b - a) for a, b in zip(palette[low], palette[low + 1], strict=True))


def _varied(colour: tuple[float, ...], rng: np.random.Generator, spread: float) -> Colour:
    bright, tint = rng.normal(0, spread), rng.normal(0, spread / 3, 3)
    return tuple(int(np.clip(channel + bright + shift, 8, 250)) for channel, shift in zip(colour, tint, strict=True))
