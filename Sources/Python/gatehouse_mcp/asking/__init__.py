"""Asks the user of a call at Gatehouse, and waits for the answer."""
