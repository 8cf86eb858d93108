"""What every room may use: faults, secrets, the clock's shape. Pure."""
