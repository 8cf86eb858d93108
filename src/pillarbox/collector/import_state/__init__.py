"""What other programs noted of the mail that they have fetched, read from their own files. Pure."""
