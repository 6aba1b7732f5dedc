"""What rules/present.smk draws, and the numbers of the paper."""
