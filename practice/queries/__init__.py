"""What a member may see of the practice. The first argument is always who is asking."""
