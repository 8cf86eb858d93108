"""Mail that an MTA hands over by LMTP: a pure session of effects, and the async driver."""
