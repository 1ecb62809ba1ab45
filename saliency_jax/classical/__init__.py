"""Saliency models from before deep networks, each one pure function."""
