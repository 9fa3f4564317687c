"""Who is in care, as far as one may know."""
