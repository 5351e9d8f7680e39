//! How a credential is obtained: the kind issue.
