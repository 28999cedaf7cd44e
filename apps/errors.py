"""What a program says to a person about an error that he or she can mend."""

from dreamtalk.errors import DreamTalkError
from renderer.errors import RendererError
from rig.errors import RigError

MENDABLE = (DreamTalkError, RigError, RendererError)


def one_sentence(error: BaseException) -> str:
    """The error as a single line, whatever line breaks a library put into it."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}."
    return " ".join(str(error).split()) or f"{type(error).__name__}."
