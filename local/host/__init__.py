"""A functions host: runs any `function_app.py` with the azure-functions library's own decorators."""
