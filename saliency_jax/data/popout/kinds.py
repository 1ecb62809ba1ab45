"""The features by which a target pops out.

After the pre-attentive features that Healey and Enns 2012, "Attention and
Visual Memory in Visualization and Computer Graphics" (IEEE TVCG 18), gather
from the literature. Where search is asymmetric, the target is the item that is
found at a glance among the others. A kind changes its feature and keeps what it
leaves free: area, extent, strokes, luminance, ink.
"""

from collections.abc import Callable

import numpy as np

from saliency_jax.data.popout import extents, shapes, surfaces
from saliency_jax.data.popout.items import Design

# (rng, background) -> the design of one array, by kind, in the order of images.
KINDS: dict[str, Callable[[np.random.Generator, str], Design]] = {
    kind.__name__: kind for kind in (
        surfaces.colour, surfaces.intensity, extents.orientation,
        extents.length, extents.width, extents.size, shapes.shape,
        shapes.curvature, shapes.closure, shapes.intersection,
        shapes.terminators, extents.number, extents.density,
        shapes.enclosure, surfaces.lighting, surfaces.frequency)}
