"""Runs in a Python that has bpy: what Blender writes of a head that it has read.

python blender_export.py HEAD.glb OUT.glb
"""

import sys

import bpy

source, target = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=source)
for action in list(bpy.data.actions):
    bpy.data.actions.remove(action)
bpy.ops.export_scene.gltf(filepath=target, export_animations=False)
