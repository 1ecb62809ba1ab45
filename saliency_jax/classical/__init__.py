"""Models of saliency from before the deep networks, each one pure function."""
