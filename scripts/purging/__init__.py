"""Takes people who asked not to be held out of a study, place by place."""
