"""Channels of one's own: their signatures and events."""
