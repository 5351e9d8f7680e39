//! Bytes in, proofs out: reading, verifying and signing tokens.
