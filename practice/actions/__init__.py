"""What can be done to a practice; one verb each, keyword-only, `by=` and `at=`."""
