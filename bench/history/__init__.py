"""Time gone by, for boards and rules that look back: series that really are recorded and scraped, told backwards."""
