"""What can be done for people in care; one verb each, keyword-only, `by=` and `at=`."""
