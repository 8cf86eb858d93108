"""The commands of `pillarbox remote`."""
