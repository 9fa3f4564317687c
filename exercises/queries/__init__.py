"""What one may see of the work. The first argument is always who is asking."""
