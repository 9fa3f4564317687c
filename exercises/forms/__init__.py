"""What people fill in: from a form to what an action takes, and back onto the page."""
