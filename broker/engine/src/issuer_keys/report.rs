//! What operators see of an issuer's keys: where they come from, which are used,
//! which are left out, and why they cannot be had.

use super::slot::IssuerEntry;
use super::source::{self, KeyLocation};
use super::trouble::IssuerTrouble;
use super::{IssuerKeys, landed};
use locum_core::ids::IssuerId;
use locum_core::registry::Issuer;
use locum_core::token::Alg;
use locum_tokens::keys::LeftOutKey;
use std::sync::{Arc, PoisonError};

/// A key that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedKey {
    /// Its name, or its thumbprint where it has none.
    pub kid: String,
    /// What it is used with.
    pub alg: Alg,
}

/// What is known of an issuer's keys.
#[derive(Debug, Clone)]
pub struct IssuerReport {
    /// `discovery`, `jwks_uri` or `jwks`.
    pub source: &'static str,
    /// Where they are fetched, without query, as far as it is known.
    pub jwks_uri: Option<String>,
    /// When the keys that are held were fetched, in Unix seconds.
    pub fetched_s: Option<u64>,
    /// When the last fetch ended, in Unix seconds.
    pub tried_s: Option<u64>,
    /// The keys that are used.
    pub keys: Vec<ReportedKey>,
    /// Those that are not.
    pub left_out: Vec<LeftOutKey>,
    /// Why the last fetch brought no keys.
    pub trouble: Option<Arc<IssuerTrouble>>,
}

impl IssuerKeys {
    /// What is known of an issuer's keys now. It fetches nothing.
    #[must_use]
    pub fn report(&self, issuer: &Arc<Issuer>) -> IssuerReport {
        let slot = self.slot(issuer);
        if is_by_value(issuer) {
            self.fetch(&slot);
        }
        self.reported(&slot)
    }

    /// Fetches the issuer's keys now, within the share of operators, and reports; whether it fetched, or waited for a fetch that was under way.
    /// Cancel-safe.
    pub async fn test(&self, issuer: &Arc<Issuer>) -> (bool, IssuerReport) {
        let slot = self.slot(issuer);
        if is_by_value(issuer) {
            return (false, self.report(issuer));
        }
        let landing = self.fetch_for_test(&slot);
        let fetched = landing.is_some();
        if let Some(landing) = landing {
            landed(landing).await;
        }
        (fetched, self.reported(&slot))
    }

    /// Why the keys of these issuers cannot be had, of those that were asked for.
    pub fn troubles<'a>(
        &self,
        issuers: impl Iterator<Item = &'a Arc<Issuer>>,
    ) -> Vec<(IssuerId, Arc<IssuerTrouble>)> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let trouble = |issuer: &Arc<Issuer>| {
            let slot = slots.get(&issuer.id)?;
            if !source::same(&slot.issuer.spec, &issuer.spec) {
                return None;
            }
            let trouble = slot.read().last.as_ref()?.trouble.clone()?;
            Some((issuer.id.clone(), trouble))
        };
        issuers.filter_map(trouble).collect()
    }

    fn reported(&self, slot: &IssuerEntry) -> IssuerReport {
        let (place, _) = source::place(&slot.issuer.spec);
        let inside = slot.read();
        let last = inside.last.as_ref();
        let held = inside.held.keys.as_ref();
        let (source, jwks_uri) = match place {
            KeyLocation::Value(_) | KeyLocation::Nowhere => ("jwks", None),
            KeyLocation::Uri(uri) => ("jwks_uri", source::shown(uri)),
            KeyLocation::Discovery(_) => {
                ("discovery", last.and_then(|last| last.discovered.clone()))
            }
        };
        let keys = held.iter().flat_map(|held| held.set.keys());
        IssuerReport {
            source,
            jwks_uri,
            fetched_s: held.map(|held| held.fetched_s),
            tried_s: last.map(|last| last.at_s),
            keys: keys
                .map(|(kid, alg)| ReportedKey {
                    kid: kid.as_str().to_owned(),
                    alg,
                })
                .collect(),
            left_out: held.map_or_else(Vec::new, |held| held.set.left_out().to_vec()),
            trouble: last.and_then(|last| last.trouble.clone()),
        }
    }
}

fn is_by_value(issuer: &Issuer) -> bool {
    matches!(source::place(&issuer.spec).0, KeyLocation::Value(_))
}
