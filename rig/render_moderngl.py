"""Drawing an avatar with moderngl."""

import numpy as np

from rig.avatar import Avatar, Pose
from rig.gl import create_context

VERTEX_SHADER = """#version 330
uniform mat4 to_clip;
in vec3 point; in vec3 colour; in vec2 uv;
out vec3 light; out vec2 place;
void main() { gl_Position = to_clip * vec4(point, 1.0); light = colour; place = uv; }
"""
FRAGMENT_SHADER = """#version 330
uniform sampler2D paint;
in vec3 light; in vec2 place;
out vec4 pixel;
void main() { pixel = vec4(texture(paint, place).rgb * light, 1.0); }
"""
CUTTING_SHADER = """#version 330
uniform sampler2D paint;
in vec3 light; in vec2 place;
out vec4 pixel;
void main() {
    vec4 texel = texture(paint, place);
    if (texel.a < 0.5) discard;
    pixel = vec4(texel.rgb * light, 1.0);
}
"""


class ModernglRenderer:
    """Draws poses of one avatar; call release() at the end. Raises RigError where OpenGL cannot start."""

    def __init__(self, avatar: Avatar, size: int, samples: int) -> None:
        self.avatar, self._size = avatar, size
        self._context = create_context()
        with self._context:  # others may be current around each call
            self._set_up(samples)

    def _set_up(self, samples: int) -> None:
        import moderngl

        context, avatar = self._context, self.avatar
        self._two_sided, self._one_sided = moderngl.DEPTH_TEST, moderngl.DEPTH_TEST | moderngl.CULL_FACE
        programs = {
            channels: context.program(vertex_shader=VERTEX_SHADER, fragment_shader=shader)
            for channels, shader in ((3, FRAGMENT_SHADER), (4, CUTTING_SHADER))
        }
        matrix = avatar.camera.projection() @ avatar.camera.view()
        for program in programs.values():
            program["to_clip"].write(np.ascontiguousarray(matrix.T, dtype=np.float32).tobytes())
        self._moving = context.buffer(reserve=len(avatar.uv) * 24, dynamic=True)
        uv = context.buffer(avatar.uv.astype(np.float32).tobytes())
        self._layers = []
        for layer in avatar.layers:
            indices = context.buffer(layer.faces.astype(np.int32).tobytes())
            content = [(self._moving, "3f 3f", "point", "colour"), (uv, "2f", "uv")]
            array = context.vertex_array(programs[layer.texture.shape[2]], content, indices)
            self._layers.append((array, _texture(context, layer.texture), layer.two_sided))
        size, kept = (self._size, self._size), min(samples, context.max_samples)
        self._plain = context.simple_framebuffer(size, 3)
        self._target = context.simple_framebuffer(size, 3, samples=kept) if kept > 1 else self._plain

    def draw(self, pose: Pose) -> np.ndarray:
        """(size, size, 3) uint8."""
        with self._context:
            self._moving.write(np.concatenate([pose.points, pose.colours], axis=1, dtype=np.float32))
            self._target.use()
            self._target.clear(0.0, 0.0, 0.0, 1.0)
            for array, texture, two_sided in self._layers:
                self._context.enable_only(self._two_sided if two_sided else self._one_sided)
                texture.use()
                array.render()
            if self._target is not self._plain:
                self._context.copy_framebuffer(self._plain, self._target)
            raw = self._plain.read(components=3, alignment=1)
        return np.ascontiguousarray(np.frombuffer(raw, dtype=np.uint8).reshape(self._size, self._size, 3)[::-1])

    def release(self) -> None:
        """Give the context and all it holds back."""
        self._context.release()


def _texture(context, picture: np.ndarray):
    import moderngl

    height, width, channels = picture.shape
    texture = context.texture((width, height), channels, np.ascontiguousarray(picture[::-1]).tobytes(), alignment=1)
    if height > 1:
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    return texture
