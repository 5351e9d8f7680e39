//! What an administrator would tell Locum of the emulators (contract §3).

use super::super::Addresses;
use super::accounts::{EmulatorAccounts, SAP_BTP_CLIENT};
use serde_json::{Value, json};

/// `xsappname` of the emulated application, before each of its scopes.
pub(crate) const XSAPPNAME: &str = "acme!t1";
/// Tenant of the emulated Workday.
pub(crate) const TENANT: &str = "acme";
/// Seconds that a token of `sap-btp` lives.
pub(crate) const SAP_BTP_LIFETIME: u64 = 600;
/// Seconds that a key of `panorama` lives.
pub(crate) const PANORAMA_LIFETIME: u64 = 60;
/// Seconds that a token of `workday-hr` lives; its answers do not say so.
pub(crate) const WORKDAY_LIFETIME: u64 = 3_600;

/// An emulator as Locum knows it.
pub struct Emulated {
    /// Id of the target.
    pub id: &'static str,
    /// Its address for agents.
    pub url: String,
    /// Where the vendor's endpoints are.
    pub base_url: String,
    /// Kind of the connector.
    pub kind: &'static str,
    /// Id of the profile.
    pub profile: &'static str,
    /// Parameters of the profile.
    pub parameters: Value,
    /// Role to name of an upstream secret.
    pub secrets: Value,
}

impl Emulated {
    /// The target's connector, as in `PUT /targets/{id}` (contract §12).
    #[must_use]
    pub fn connector(&self) -> Value {
        json!({
            "kind": self.kind, "profile": self.profile, "base_url": self.base_url,
            "parameters": self.parameters, "secrets": self.secrets,
        })
    }

    /// `vendor` of the target in the ready file.
    #[must_use]
    pub fn vendor(&self) -> Value {
        json!({"profile": self.profile, "base_url": self.base_url, "parameters": self.parameters})
    }
}

/// The three emulators. Secrets: [`EmulatorAccounts::upstream_secrets`].
#[must_use]
pub fn emulated(at: &Addresses, accounts: &EmulatorAccounts) -> [Emulated; 3] {
    let origins = &at.emulators;
    [
        Emulated {
            id: "sap-btp",
            url: url(&origins.sap_btp, "sap-btp"),
            base_url: origins.sap_btp.clone(),
            kind: "jwt_bearer",
            profile: "xsuaa",
            parameters: json!({
                "client_id": accounts.sap_btp.client_id,
                "scopes": {
                    "invoice.read": format!("{XSAPPNAME}.Invoice.Read"),
                    "invoice.post": format!("{XSAPPNAME}.Invoice.Post"),
                },
                "token_format": "opaque", "token_validity_s": SAP_BTP_LIFETIME,
            }),
            secrets: json!({"client": SAP_BTP_CLIENT}),
        },
        Emulated {
            id: "workday-hr",
            url: url(&origins.workday_hr, "workday-hr"),
            base_url: origins.workday_hr.clone(),
            kind: "jwt_bearer",
            profile: "workday",
            parameters: json!({
                "tenant": TENANT,
                "principals": accounts.workday_hr.each_ref().map(|client| json!({
                    "scopes": client.scopes, "client_id": client.client_id,
                    "secret": client.secret_name(),
                })),
            }),
            secrets: json!({}),
        },
        Emulated {
            id: "panorama",
            url: url(&origins.panorama, "panorama"),
            base_url: origins.panorama.clone(),
            kind: "vendor_session",
            profile: "panos",
            parameters: json!({
                "token_validity_s": PANORAMA_LIFETIME,
                "principals": accounts.panorama.each_ref().map(|admin| json!({
                    "scopes": admin.scopes, "user": admin.user, "secret": admin.secret_name(),
                })),
            }),
            secrets: json!({}),
        },
    ]
}

fn url(origin: &str, id: &str) -> String {
    format!("{origin}/{id}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::super::test_world;
    use super::*;

    #[test]
    fn every_secret_that_a_connector_names_is_there() {
        let accounts = test_world::accounts();
        let given: Vec<_> = accounts
            .upstream_secrets()
            .into_iter()
            .map(|s| s.0)
            .collect();
        let mut named = Vec::new();
        for one in emulated(&test_world::addresses(), &accounts) {
            let connector = one.connector();
            let principals = connector["parameters"]["principals"].as_array().cloned();
            let of_principals = principals.unwrap_or_default().into_iter();
            named.extend(of_principals.map(|p| p["secret"].as_str().unwrap().to_owned()));
            let roles = connector["secrets"].as_object().unwrap().values();
            named.extend(roles.map(|name| name.as_str().unwrap().to_owned()));
            assert!(one.url.starts_with(&one.base_url));
        }
        assert_eq!(named, given);
    }
}
