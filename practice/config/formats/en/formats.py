"""Day before month, as on every other page."""

DATE_FORMAT = "j F Y"
