"""What every room stands on: errors, algorithms, JWS, URLs, masking, private files."""
