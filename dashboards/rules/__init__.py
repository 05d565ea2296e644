"""One file for each step from a component's state to an alert; `dashboards.objectives` puts them in order."""
