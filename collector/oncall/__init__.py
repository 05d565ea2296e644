"""Who is called, how often, at what hour, and what became of it: Alertmanager's messages, counted (KPIS 2.2, N27)."""
