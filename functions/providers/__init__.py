"""What several channels of one provider share: signatures, REST calls, and the reading of their answers."""
