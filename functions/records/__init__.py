"""Records: what changes of business records do to the record store, and to the work that they are."""
