"""Conversations: what was said, by whom, in which state, and which records it is about."""
