"""ARPAbet, the phones of English pronouncing dictionaries, in the project's own inventory.

Voiced and voiceless partners look alike and are one class; a diphthong is two phones, each with a share of its time.
"""

from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.phones import SILENCE, Phone

ARPABET: dict[str, tuple[str, ...]] = {
    "AA": ("ɑ",), "AE": ("æ",), "AH": ("ə",), "AO": ("ɔ",), "AW": ("a", "ʊ"), "AX": ("ə",), "AY": ("a", "ɪ"),
    "B": ("p",), "CH": ("tʃ",), "D": ("t",), "DH": ("θ",), "DX": ("t",), "EH": ("ɛ",), "ER": ("ɜ",), "EY": ("e", "ɪ"),
    "F": ("f",), "G": ("k",), "HH": ("h",), "IH": ("ɪ",), "IY": ("i",), "JH": ("tʃ",), "K": ("k",), "L": ("l",),
    "M": ("m",), "N": ("n",), "NG": ("ŋ",), "OW": ("o", "ʊ"), "OY": ("ɔ", "ɪ"), "P": ("p",), "R": ("r",), "S": ("s",),
    "SH": ("ʃ",), "T": ("t",), "TH": ("θ",), "UH": ("ʊ",), "UW": ("u",), "V": ("f",), "W": ("w",), "Y": ("j",),
    "Z": ("s",), "ZH": ("ʃ",), "SIL": (SILENCE,),
}  # fmt: skip
"""ARPAbet without stress marks -> one class, or two for a diphthong."""

_FIRST_HALF = 0.55  # a diphthong stays on its nucleus a little longer than on its glide


def phones_of_arpabet(start_s: float, end_s: float, symbol: str) -> tuple[Phone, ...]:
    """One ARPAbet phone from start_s to end_s seconds as one Phone, or two for a diphthong; stress digits are dropped.

    Noise marks such as +NSN+ count as silence. Raises DreamTalkError where the symbol is none.
    """
    if symbol.startswith(("+", "<", "[")):
        symbol = "SIL"
    classes = ARPABET.get(symbol.rstrip("012"))
    if classes is None:
        raise DreamTalkError(f"{symbol!r} is no ARPAbet phone; use one of {', '.join(ARPABET)}.")
    if len(classes) == 1:
        return (Phone(start_s, end_s, classes[0]),)
    middle = start_s + _FIRST_HALF * (end_s - start_s)
    return Phone(start_s, middle, classes[0]), Phone(middle, end_s, classes[1])
