"""The machine that this process runs on, under node_exporter's names: one file for each of its collectors."""
