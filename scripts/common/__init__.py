"""What the programs share: configuration, options, stage runner, store, manifests, tables."""
