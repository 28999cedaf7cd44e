"""How portraits can be drawn, by name; apart from what draws them, which is slow to import."""

from typing import Literal, get_args

RendererName = Literal["rig", "guided", "face-vid2vid"]
Quality = Literal["draft", "default", "best"]
RENDERERS: tuple[str, ...] = get_args(RendererName)
QUALITIES: tuple[str, ...] = get_args(Quality)
