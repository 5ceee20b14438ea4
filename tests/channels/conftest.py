"""Hypothesis without deadlines: the machine may be busy, and slowness is not what these tests look for."""

from hypothesis import settings

settings.register_profile("channels", deadline=None, max_examples=150)
settings.load_profile("channels")
