//! The developer’s and the operator’s commands.
