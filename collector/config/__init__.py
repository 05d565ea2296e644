"""Configuration: YAML to frozen nouns, strictly, with every complaint at once and each with its file and line.

The only reader of YAML (HOUSE 1). `document` reads, the models type what was read, `loading` makes devices and targets
of it.
"""

from collector.config.inventory import AUTO
from collector.config.loading import Config, load, shipped
from collector.config.problems import ConfigError, Problem
from collector.config.settings import Settings

__all__ = ["AUTO", "Config", "ConfigError", "Problem", "Settings", "load", "shipped"]
