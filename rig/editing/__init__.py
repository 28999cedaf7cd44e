"""What the methods of BlendshapeClip that edit are made of."""
