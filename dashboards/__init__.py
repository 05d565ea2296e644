"""EXPLAIN: from what was promised to recording rules and alerts (HOUSE 1). Pure: a catalogue in, text out."""
