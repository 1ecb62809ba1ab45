"""Which units of a visual saliency model respond to what people look at."""

__version__ = '0.1.0'
