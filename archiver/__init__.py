"""Fetches license debates from GitHub and keeps them: the domain model, outgoing HTTP, SQL and the clock live here.

It does not search (package `search`) and shows nothing (package `web`); it imports neither.
"""

__version__ = "0.1.0"
