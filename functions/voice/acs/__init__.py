"""Calls at Azure Communication Services: news come in, requests go out, a timer mends what was cut off."""
