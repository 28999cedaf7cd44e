"""The one error of the rig package."""


class RigError(ValueError):
    """Something given to the rig is not usable; the message is one sentence a user can act on."""
