"""What Apple Messages for Business signs, sends and keeps."""
