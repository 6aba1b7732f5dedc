"""Where creators, reels and follow lists come from."""
