"""Promises of safety and robustness, each with one command that measures it: `python -m bench.bar ID`."""
