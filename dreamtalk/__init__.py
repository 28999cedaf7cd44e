"""Speech, an emotion and a portrait in; ARKit curves, CSV and a talking video out.

    from dreamtalk import DreamTalk
    talk = DreamTalk.load()
    performance = talk.animate("hello.wav", emotion="happy", intensity=0.8, seed=7)
    performance.save("hello.csv")
    performance.render("me.png").save("hello.mp4")
"""

from dreamtalk.errors import AudioError, DreamTalkError, OptionError, PortraitError, WeightsError
from dreamtalk.expression.dials import Dials
from dreamtalk.expression.emotion_track import EmotionTrack
from dreamtalk.options import AnimationOptions
from dreamtalk.performance import Performance, Video
from dreamtalk.pipeline import DreamTalk
from dreamtalk.speech.audio import Waveform, load_audio
from rig.clip import BlendshapeClip

__all__ = [
    "AnimationOptions",
    "AudioError",
    "BlendshapeClip",
    "Dials",
    "DreamTalk",
    "DreamTalkError",
    "EmotionTrack",
    "OptionError",
    "Performance",
    "PortraitError",
    "Video",
    "Waveform",
    "WeightsError",
    "load_audio",
]
