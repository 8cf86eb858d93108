"""The unique-ids that another server gave, taken over; so that no client downloads mail again."""
