"""Traps and informs: who may send them, what they say, how often they came. A process of its own (`__main__.py`).

pysnmp reads them (0.1 to 0.5 ms each), so they are read apart from the polling loop: a storm costs this
process its core, and nobody else a poll. Nothing of what a device wrote is kept but which trap it was.
"""
