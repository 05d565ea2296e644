"""Configuration: YAML to frozen nouns, strictly, with every complaint at once and each with its file and line.

The only reader of YAML (HOUSE 1). `document` reads, the models type what was read, `loading.load` makes devices and
targets of it.
"""
