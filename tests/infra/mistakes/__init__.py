"""Mistakes in infra/, by what they are about: the checker has to tell each of them."""

Mistake = tuple[
    str, str, str, str
]  # the file, what is right there, what is put instead, and what is told of it
