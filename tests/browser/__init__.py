"""The chat page and the widget in a real browser, through the whole running platform."""
