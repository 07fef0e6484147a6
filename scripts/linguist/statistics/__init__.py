"""Metrics with intervals, and the tests behind each hypothesis."""
