//! One thing for each emulator.

use serde::{Deserialize, Serialize};

/// One `T` for each emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerEmulator<T> {
    /// Of `sap-btp`.
    pub sap_btp: T,
    /// Of `workday-hr`.
    pub workday_hr: T,
    /// Of `panorama`.
    pub panorama: T,
}

impl<T> PerEmulator<T> {
    /// What `make` makes of each.
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> PerEmulator<U> {
        PerEmulator {
            sap_btp: make(self.sap_btp),
            workday_hr: make(self.workday_hr),
            panorama: make(self.panorama),
        }
    }
}
