"""What a run made, for people: the lines at its end, and the page."""
