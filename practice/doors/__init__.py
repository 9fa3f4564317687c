"""What doors share, by whom they let in: pages and programs."""
