"""POP3 served: a pure session of effects, and the async driver that performs them."""
