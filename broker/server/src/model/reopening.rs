//! After a run: the folder opens alike from its snapshot and from record zero.

use super::exchanges::Same;
use super::scene::Scene;

impl Scene {
    /// Ends the broker and opens its folder twice.
    pub(super) fn opens_alike(&mut self) -> Same {
        self.broker.pass(0);
        self.broker.settle();
        let running = self
            .broker
            .app()
            .broker
            .records
            .state
            .canonical(self.broker.now_ms());
        self.broker.end();
        self.broker.begin();
        let snapshot = self
            .broker
            .app()
            .broker
            .records
            .state
            .canonical(self.broker.now_ms());
        self.look_around(10)
            .map_err(|found| format!("from a snapshot: {found}"))?;
        self.broker.end();
        self.broker.forget_snapshots();
        self.broker.begin();
        let zero = self
            .broker
            .app()
            .broker
            .records
            .state
            .canonical(self.broker.now_ms());
        self.look_around(10)
            .map_err(|found| format!("from record zero: {found}"))?;
        for (what, other) in [
            ("before its end", &running),
            ("from its snapshot", &snapshot),
        ] {
            if let Some((left, right)) = other.iter().zip(&zero).find(|(a, b)| a != b) {
                return Err(format!(
                    "expected the state {what} to be that from record zero, found `{left}` where there is `{right}`"
                ));
            }
            if other.len() != zero.len() {
                return Err(format!(
                    "expected {} things {what}, found {} from record zero",
                    other.len(),
                    zero.len()
                ));
            }
        }
        Ok(())
    }
}
