"""Verifies requests before they reach a server."""
