"""Calls: one flow over all providers of voice."""
