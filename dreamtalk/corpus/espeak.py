"""Text to IPA by espeak-ng, run as a program of its own (it is GPL; its output is not covered by that)."""

import re
import shutil
import subprocess

from dreamtalk.errors import DreamTalkError

_CLAUSE = re.compile(r"([^,;:.!?।¿¡«»\"]+)([,;:.!?।«»\"]*)")
_SWITCH = re.compile(r"\([a-z-]+\)")
"""Marks of words that espeak-ng reads by another language's rules."""


def ipa_clauses(text: str, language: str) -> list[tuple[str, str]]:
    """(IPA, punctuation) of every clause; `language` is a voice of espeak-ng (en-us, fr-fr). Affricates and diphthongs
    are tied by ^, stress marks are kept. Raises DreamTalkError where espeak-ng is not installed or knows no such voice.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise DreamTalkError("espeak-ng is not installed; it turns text into phones (apt install espeak-ng).")
    clauses = []
    for words, marks in _CLAUSE.findall(text):
        if not words.strip():
            continue
        command = [program, "-q", "--ipa", "--tie=^", "-v", language, "--", words.strip()]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        if done.returncode or not done.stdout.strip():
            raise DreamTalkError(f"espeak-ng cannot read {words.strip()!r} as {language}; check text and language.")
        ipa = _SWITCH.sub("", " ".join(done.stdout.split())).replace("-", "")
        clauses.append((ipa, marks))
    return clauses
