"""Telegram's updates, files and messages."""
