"""Draws motion and paint of one portrait with OpenGL: plain arrays in pixels in, plain arrays out.

Pixel centres are whole numbers, and depth is the distance from the camera in metres.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rig.gl import create_context

DEPTH_SPAN_M = 1.0
MOUTH_SIZE = (512, 384)
MOUTH_SUPERSAMPLING = 3.0

_VERSION = "#version 330\n"
_FLOW = (
    "in vec3 position; in vec4 value; out vec4 v; void main() { v = value; gl_Position = vec4(position, 1.0); }",
    "in vec4 v; out vec4 colour; void main() { colour = v; }",
)
_PAINT = (
    _FLOW[0],
    "in vec4 v; out vec4 colour; void main() { colour = vec4(v.rgb * v.a, v.a); }",
)
_EYES = (
    _FLOW[0],
    """in vec4 v; out vec4 colour; uniform sampler2D hidden;
    void main() { vec4 c = texture(hidden, v.xy); float a = c.a * v.z; colour = vec4(c.rgb * a, a); }""",
)
_MOUTH = (
    _FLOW[0],
    """in vec4 v; out vec4 colour; uniform sampler2D inside; uniform vec4 window; uniform vec3 power;
    uniform float light; uniform float soften;
    void main() {
        vec3 c = texture(inside, (gl_FragCoord.xy - window.xy) / window.zw, soften).rgb;
        float above = v.y * v.z, below = (1.0 - v.y) * v.z;
        float shade = mix(0.7, 1.0, smoothstep(0.0, 0.035, above)) * mix(0.8, 1.0, smoothstep(0.0, 0.03, below));
        shade *= mix(0.5, 1.0, smoothstep(0.0, 0.05, v.z));
        colour = vec4(c * pow(vec3(shade * light), power) * v.x, v.x);
    }""",
)


@dataclass(frozen=True, eq=False)
class Layer:
    """Triangles to draw. positions: (V, 2) pixels; depth: (V,) metres, or None to be drawn over all before;
    values: (V, 4); faces: (F, 3); solid: whether triangles seen from behind are left out."""

    positions: np.ndarray
    depth: np.ndarray | None
    values: np.ndarray
    faces: np.ndarray
    solid: bool = False


@dataclass(frozen=True, eq=False)
class OpenMouth:
    """What is seen between the lips. window: values (opacity, down, gap over the eye distance, -); inside: values RGBA,
    before a ground of colour `cavity` (3,); light: brightness; shade_power: (3,) exponents of shadow for R, G and B;
    softness: how many times softer than crisp it is drawn."""

    window: Layer
    inside: Layer
    cavity: np.ndarray
    light: float
    shade_power: np.ndarray
    softness: float = 1.0


class PortraitRaster:
    """GL buffers for pictures of one size. Call release(), or use as a context manager."""

    def __init__(self, size: tuple[int, int], near_m: float) -> None:
        import moderngl

        self._gl = moderngl
        self.width, self.height = size
        self._near_m = near_m
        self._context = context = create_context()
        with context:
            sources = {"flow": _FLOW, "paint": _PAINT, "eyes": _EYES, "mouth": _MOUTH}
            self._programs = {
                name: context.program(vertex_shader=_VERSION + vertex, fragment_shader=_VERSION + fragment)
                for name, (vertex, fragment) in sources.items()
            }
            self._flow = context.framebuffer([context.texture(size, 4, dtype="f4")], context.depth_renderbuffer(size))
            self._paint = context.framebuffer([context.texture(size, 4)], context.depth_renderbuffer(size))
            self._inside_texture = context.texture(MOUTH_SIZE, 4)
            self._inside_texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self._inside_texture.repeat_x = self._inside_texture.repeat_y = False
            self._inside = context.framebuffer([self._inside_texture], context.depth_renderbuffer(MOUTH_SIZE))
            self._hidden = context.texture(size, 4)
            self._hidden.repeat_x = self._hidden.repeat_y = False
            self._lids = context.texture((1, 1), 4)

    def __enter__(self) -> "PortraitRaster":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the GL memory back."""
        if self._context is not None:
            self._context.release()
            self._context = None

    def set_hidden(self, picture: np.ndarray) -> None:
        """(H, W, 4) uint8: colours of what eyes hide in the source, and how much they are needed there."""
        with self._context:
            self._hidden.write(np.ascontiguousarray(picture).tobytes())

    def set_lids(self, atlas: np.ndarray) -> None:
        """(h, w, 4) uint8 RGBA: skin and lashes of the closed lids."""
        with self._context:
            self._lids.release()
            self._lids = self._context.texture(atlas.shape[1::-1], 4, np.ascontiguousarray(atlas).tobytes())
            self._lids.repeat_x = self._lids.repeat_y = False

    def flow(self, layers: list[Layer]) -> np.ndarray:
        """Draw values (dx, dy, face share, opacity), blended in order -> (H, W, 4) float32."""
        with self._context:
            self._begin(self._flow, (0.0, 0.0, 0.0, 0.0))
            self._context.blend_func = (
                self._gl.SRC_ALPHA, self._gl.ONE_MINUS_SRC_ALPHA, self._gl.ZERO, self._gl.ONE,
            )  # fmt: skip
            for layer in layers:
                self._draw("flow", layer, self._ndc(layer.positions, layer.depth))
            data = self._flow.read(components=4, dtype="f4")
        return np.frombuffer(data, np.float32).reshape(self.height, self.width, 4)

    def paint(
        self, skin: list[Layer], eyes: list[Layer], mouth: OpenMouth | None, lines: list[Layer], lids: list[Layer],
        lashes: list[Layer],
    ) -> np.ndarray:  # fmt: skip
        """Paint over the warped picture -> (H, W, 4) uint8, RGB already multiplied by opacity.

        skin and lines: values RGBA.  eyes: values (u, v, opacity, -) into the hidden picture; lids, lashes: into the
        lids' own.
        """
        with self._context:
            view = None if mouth is None else self._draw_inside(mouth)
            self._begin(self._paint, (0.0, 0.0, 0.0, 0.0))
            self._context.blend_func = (self._gl.ONE, self._gl.ONE_MINUS_SRC_ALPHA)
            for layer in skin:
                self._draw("paint", layer, self._ndc(layer.positions, layer.depth))
            self._hidden.use(0)
            for eye in eyes:
                self._draw("eyes", eye, self._ndc(eye.positions, eye.depth))
            self._lids.use(0)
            for lid in lids:
                self._draw("eyes", lid, self._ndc(lid.positions, lid.depth))
            if mouth is not None:
                self._inside_texture.use(0)
                program, window = self._programs["mouth"], mouth.window
                program["window"], program["light"], program["soften"] = view, mouth.light, np.log2(mouth.softness)
                program["power"] = tuple(float(value) for value in mouth.shade_power)
                self._draw("mouth", window, self._ndc(window.positions, window.depth))
            self._lids.use(0)
            for lash in lashes:
                self._draw("eyes", lash, self._ndc(lash.positions, lash.depth))
            for line in lines:
                self._draw("paint", line, self._ndc(line.positions, line.depth))
            data = self._paint.read(components=4, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(self.height, self.width, 4)

    def _draw_inside(self, mouth: OpenMouth) -> tuple[float, float, float, float]:
        """Draw the inside of the mouth into its own texture -> its window (left, bottom, width, height) in pixels."""
        window, inside = mouth.window, mouth.inside
        seen = window.positions[window.values[:, 0] > 0]
        low, high = (seen.min(axis=0) - 2, seen.max(axis=0) + 3) if len(seen) else (np.zeros(2), np.ones(2))
        extent = np.maximum(high - low, 1.0)
        scale = min(MOUTH_SUPERSAMPLING, MOUTH_SIZE[0] / extent[0], MOUTH_SIZE[1] / extent[1])
        extent = np.array(MOUTH_SIZE) / scale
        self._begin(self._inside, (*mouth.cavity, 1.0))
        self._context.disable(self._gl.BLEND)
        plane = (inside.positions + 0.5 - low) / extent * 2 - 1
        positions = np.column_stack([plane, self._ndc_depth(inside.depth)]).astype(np.float32)
        self._draw("paint", inside, positions, depth_test=True)
        self._context.enable(self._gl.BLEND)
        self._inside_texture.build_mipmaps(max_level=3)
        return (float(low[0]), float(low[1]), float(extent[0]), float(extent[1]))

    def _begin(self, target: Any, colour: tuple) -> None:
        target.use()
        self._context.viewport = (0, 0, *target.size)
        target.clear(*colour, depth=1.0)
        self._context.enable_only(self._gl.BLEND)

    def _ndc_depth(self, depth: np.ndarray) -> np.ndarray:
        return np.clip((depth - self._near_m) / DEPTH_SPAN_M * 2 - 1, -0.999, 0.999)

    def _ndc(self, positions: np.ndarray, depth: np.ndarray | None) -> np.ndarray:
        """Row 0 of the picture is GL's bottom row, so that it is read first."""
        plane = (positions + 0.5) / (self.width, self.height) * 2 - 1
        z = np.zeros(len(positions)) if depth is None else self._ndc_depth(depth)
        return np.column_stack([plane, z]).astype(np.float32)

    def _draw(self, program: str, layer: Layer, ndc: np.ndarray, depth_test: bool | None = None) -> None:
        if not len(layer.faces):
            return
        use_depth = layer.depth is not None if depth_test is None else depth_test
        for wanted, switch in ((use_depth, self._gl.DEPTH_TEST), (layer.solid, self._gl.CULL_FACE)):
            (self._context.enable if wanted else self._context.disable)(switch)
        self._context.front_face = "cw"  # the picture's y runs down
        data = np.concatenate([ndc, layer.values], axis=1).astype(np.float32)
        buffer = self._context.buffer(data.tobytes())
        index = self._context.buffer(np.ascontiguousarray(layer.faces, np.int32).tobytes())
        array = self._context.vertex_array(
            self._programs[program], [(buffer, "3f 4f", "position", "value")], index, skip_errors=True
        )
        array.render()
        for item in (array, buffer, index):
            item.release()
