"""The one error of the renderer package."""


class RendererError(ValueError):
    """Something given to the renderer is not usable; the message is one sentence a user can act on."""
