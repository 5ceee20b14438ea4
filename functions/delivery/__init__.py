"""Delivery: an agent's message to its provider, never silently lost and never blindly repeated."""
