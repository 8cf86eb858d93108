"""`pillarbox collect`, and what it says to people and to programs."""
