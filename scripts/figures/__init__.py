"""What rules/present.smk, follows.smk and robustness.smk draw, and the numbers of the paper."""
