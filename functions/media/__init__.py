"""Media: what customers send along is fetched from its provider into Blob storage, by a queue of its own."""
