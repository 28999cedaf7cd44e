"""OpenGL without a window: a context, and a rasterizer of vertex attributes."""

import os
import sys
from typing import TYPE_CHECKING, Self

import numpy as np

from rig.errors import RigError

if TYPE_CHECKING:
    import moderngl

APT_LINE = "apt-get install libegl1 libgl1 libgl1-mesa-dri"
ATTRIBUTES_A_PASS = 16


def create_context() -> "moderngl.Context":
    """A headless OpenGL 3.3 context: EGL on a system without display, moderngl's own choice elsewhere.

    Raises RigError naming what to install when there is none.
    """
    import moderngl

    headless = sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    try:
        if headless:
            return moderngl.create_context(standalone=True, require=330, backend="egl")
        return moderngl.create_context(standalone=True, require=330)
    except Exception as error:  # moderngl raises plain Exception
        raise RigError(
            f"OpenGL cannot start here ({' '.join(str(error).split())}): on Debian or Ubuntu run `{APT_LINE}`, "
            "elsewhere install a graphics driver with OpenGL 3.3; curves (.csv, .npz) can be written without it."
        ) from error


class MeshRasterizer:
    """Draws any vertex attributes of one mesh into float pictures; what lies behind is hidden.

    faces: (F, 3) int triangles.  width, height: picture size in pixels.  cull: leave out triangles seen from behind.
    Use as a context manager, or call release().
    """

    def __init__(
        self, faces: np.ndarray, width: int, height: int, cull: bool = False, context: "moderngl.Context | None" = None
    ) -> None:
        if faces.ndim != 2 or faces.shape[1] != 3:
            raise RigError(f"The faces have the shape {faces.shape}; triangles are (F, 3).")
        if width < 1 or height < 1:
            raise RigError(f"A picture of {width} x {height} pixels cannot be drawn; both sides must be at least 1.")
        self._own_context = context is None
        self.context = create_context() if context is None else context
        self.width, self.height, self._cull = width, height, cull
        with self.context:  # others may be current around each call
            self._indices = self.context.buffer(np.ascontiguousarray(faces, dtype=np.int32).tobytes())
        self._passes: dict[int, tuple] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def draw(
        self, clip_positions: np.ndarray, attributes: np.ndarray, background: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Interpolate attributes over the picture, in perspective.

        clip_positions: (V, 4) float32 (Camera.clip_positions).  attributes: (V, A) float32, any A >= 1.
        Returns (H, W, A) float32 with `background` where nothing lies, and the depth (H, W) float32 in [0, 1], 1 there.
        Row 0 is the top of the picture; the value of a pixel is that at its centre.
        """
        attributes = np.ascontiguousarray(attributes, dtype=np.float32)
        if attributes.ndim != 2 or clip_positions.shape != (len(attributes), 4):
            raise RigError(
                f"Positions {clip_positions.shape} and attributes {attributes.shape} do not fit; (V, 4) and (V, A) do."
            )
        pieces, depth = [], None
        for start in range(0, attributes.shape[1], ATTRIBUTES_A_PASS):
            with self.context:
                part = attributes[:, start : start + ATTRIBUTES_A_PASS]
                piece, depth = self._draw_pass(clip_positions, part, background)
            pieces.append(piece)
        return (pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=2)), depth

    def _draw_pass(
        self, positions: np.ndarray, attributes: np.ndarray, background: float
    ) -> tuple[np.ndarray, np.ndarray]:
        import moderngl

        count, groups = attributes.shape[1], -(-attributes.shape[1] // 4)
        buffer, array, target = self._pass_for(groups, len(attributes))
        data = np.zeros((len(attributes), 4 + 4 * groups), dtype=np.float32)
        data[:, :4], data[:, 4 : 4 + count] = positions, attributes
        buffer.write(data)
        context = self.context
        target.use()
        context.viewport = (0, 0, self.width, self.height)
        target.clear(background, background, background, background, depth=1.0)
        context.enable_only(moderngl.DEPTH_TEST | (moderngl.CULL_FACE if self._cull else 0))
        array.render()
        size = (self.height, self.width)
        planes = [
            np.frombuffer(target.read(components=4, attachment=group, dtype="f4"), dtype=np.float32).reshape(*size, 4)
            for group in range(groups)
        ]
        depth = np.frombuffer(target.read(attachment=-1, components=1, dtype="f4"), dtype=np.float32).reshape(size)
        picture = np.concatenate(planes, axis=2)[::-1, :, :count]
        return np.ascontiguousarray(picture), np.ascontiguousarray(depth[::-1])

    def _pass_for(self, groups: int, vertex_count: int) -> tuple:
        if groups not in self._passes:
            context, size = self.context, (self.width, self.height)
            program = context.program(vertex_shader=_vertex_shader(groups), fragment_shader=_fragment_shader(groups))
            buffer = context.buffer(reserve=vertex_count * (4 + 4 * groups) * 4)
            names = ["position", *(f"in_{group}" for group in range(groups))]
            layout = " ".join(["4f"] * (groups + 1))
            array = context.vertex_array(program, [(buffer, layout, *names)], self._indices)
            targets = [context.texture(size, 4, dtype="f4") for _ in range(groups)]
            target = context.framebuffer(targets, context.depth_texture(size))
            self._passes[groups] = (buffer, array, target)
        return self._passes[groups]

    def release(self) -> None:
        """Give the GL memory back."""
        with self.context:
            for buffer, array, target in self._passes.values():
                attachments = [*target.color_attachments, target.depth_attachment]
                for item in (array, target, *attachments, buffer):
                    item.release()
            self._passes.clear()
            self._indices.release()
        if self._own_context:
            self.context.release()


def _vertex_shader(groups: int) -> str:
    inputs = "".join(f"in vec4 in_{group}; out vec4 value_{group};\n" for group in range(groups))
    copies = "".join(f"value_{group} = in_{group};" for group in range(groups))
    return f"#version 330\nin vec4 position;\n{inputs}void main() {{ gl_Position = position; {copies} }}"


def _fragment_shader(groups: int) -> str:
    outputs = "".join(
        f"in vec4 value_{group}; layout(location = {group}) out vec4 out_{group};\n" for group in range(groups)
    )
    copies = "".join(f"out_{group} = value_{group};" for group in range(groups))
    return f"#version 330\n{outputs}void main() {{ {copies} }}"
