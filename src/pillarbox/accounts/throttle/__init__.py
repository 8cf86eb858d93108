"""What guessing passwords costs: delays, refusals without hashing, locks. Blocking."""
