"""Pictures in, pictures out: the rig-guided warp, Face-Vid2Vid and super-resolution."""

from renderer.errors import RendererError

__all__ = ["RendererError"]
