"""Support for the black-box suite: a broker of one's own, tokens, a client, a world."""
