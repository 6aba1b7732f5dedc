"""Models that answer in words: language models and models of images or video, here or behind an endpoint."""
