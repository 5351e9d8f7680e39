//! Vendors that hand credentials out: how each target's is asked, and that what
//! it hands out is handed on once (contract §15).

pub(crate) mod access;
mod aid;
mod asking;
mod check;
mod ending;
pub mod fit;
mod fitting;
mod handle;
mod held;
mod queue;
mod ready;
pub(crate) mod refreshing;
pub mod revoking;
mod settings;
mod shown;
mod trouble;
mod turns;

pub use access::Vendors;
pub(crate) use asking::{Asked, NotHandedOut, ask, too_long};
pub use check::ProfileCheck;
pub(crate) use handle::{fingerprint, seal};
pub(crate) use held::held;
pub use locum_connectors::{Profile, profiles};
pub use settings::{CA_FILE, VendorSettings};
pub use shown::{CredentialShown, RevocationShown, credential};
pub use trouble::{VendorTrouble, troubles};
