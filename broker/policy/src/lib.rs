//! Cedar: load, validate and hash a bundle; facts to question to answer.
