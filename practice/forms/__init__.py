"""What people type about the practice; every error says what to write instead."""
