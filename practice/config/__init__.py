"""Settings and processes, and what one tells the other."""

# How long a query may take where pages are served (wsgi.py); a command may take its time.
page_seconds: int | None = None
