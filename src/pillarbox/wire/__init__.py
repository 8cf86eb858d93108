"""The conversations, as octets in and events out. Pure: no sockets, no clock, no chance."""
