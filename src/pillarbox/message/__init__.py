"""What a message is, as octets: line ends, the served form, mbox. Pure."""
