"""What can go wrong at the border, as one small family.

    ValueError
    +-- DreamTalkError        anything a user can mend; the message is one sentence
        +-- AudioError        a sound that cannot be read, or holds no speech to animate
        +-- PortraitError     a picture that cannot be read, or shows no usable face
        +-- WeightsError      model weights that are missing, altered or of another shape
        +-- OptionError       an option, name or output path that cannot be used

Every message says what came, what was expected and how to mend it. Catching `ValueError` catches
all of them; `rig.errors.RigError` and `renderer.errors.RendererError` are the leaves' own.
"""


class DreamTalkError(ValueError):
    """Base of everything a user can mend; its text is one complete sentence."""


class AudioError(DreamTalkError):
    """A sound file or waveform that cannot be used."""


class PortraitError(DreamTalkError):
    """A portrait that cannot be used."""


class WeightsError(DreamTalkError):
    """Model weights that are missing, altered, or do not fit the network."""


class OptionError(DreamTalkError):
    """An option, name or output path that cannot be used."""
