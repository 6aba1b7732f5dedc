"""Speech: which stretches of a sound are speech, and the programs that turn it into text."""
