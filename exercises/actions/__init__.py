"""What can be done with the work; one verb each, keyword-only, `by=` and `at=`."""
