//! A key set of somebody else, and a private key of our own as stored: parsed
//! or refused, and what was parsed verifies no nonsense.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_core::json::{JsonLimits, parse};
use locum_core::token::{Alg, SignatureCheck};
use locum_tokens::keys::{KeySet, SigningKey};

fuzz_target!(|data: &[u8]| {
    let Ok(value) = parse(data, JsonLimits::BODY) else {
        return;
    };
    if let Ok(set) = KeySet::from_jwks(&value, &Alg::ALL) {
        let keys: Vec<_> = set.keys().map(|(kid, alg)| (kid.clone(), alg)).collect();
        // An RSA key without `alg` serves two algorithms.
        assert!(keys.len() <= 128 && set.left_out().len() <= 64);
        for (kid, alg) in keys {
            for length in [0, 64, 256] {
                let nonsense = vec![0x5a; length];
                let checked = set.check(alg, Some(kid.as_str()), b"a.b", &nonsense);
                assert!(checked.is_err(), "nonsense was taken for a signature");
            }
        }
    }
    // Checks that the halves fit is a signature: fewer of them, more rounds.
    if value.get("d").is_some() {
        drop(SigningKey::from_private_jwk(&value));
    }
});
