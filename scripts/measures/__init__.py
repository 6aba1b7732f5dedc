"""What a reel looks like, measured from its sampled frames and written as English.

`measure` turns a `SampledReel` into `Measures`; `describe` turns those into 40 to 80 words. Both are pure. What is
measured is form (palette, light, texture, composition, motion, cutting), never content. See docs/measures.md.
"""

from .measured import Measures, measure
from .prose import describe
from .reel import SampledReel

__all__ = ["Measures", "SampledReel", "describe", "measure"]
