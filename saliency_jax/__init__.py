"""Look inside visual saliency models: which units respond to what people look at."""

__version__ = '0.1.0'
