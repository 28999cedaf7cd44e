"""ARKit curves and the face that shows them: names, clips, files, the CC0 head and its renderers.

Needs numpy alone at import; OpenGL is opened by the first rendering, torch never.
"""

from rig.arkit import GROUPS, INDEX, MIRROR, MOUTH, NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError

__all__ = ["GROUPS", "INDEX", "MIRROR", "MOUTH", "NAMES", "BlendshapeClip", "RigError"]
