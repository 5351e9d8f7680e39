//! The nearest known name to one that is not known.

/// Longest name that is compared, in characters: longer ones are no slips.
const NAME_MAX: usize = 128;

/// The known name with the least edit distance; the first of several. A name
/// right in its last part and wrong before it counts as near too.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found: String = found.chars().take(NAME_MAX).collect();
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let cost = |name: &str| {
        let whole = distance(&found, name);
        // A key in the wrong table: as if one more slip.
        let part = distance(&last(&found), &last(name)) + 1;
        if name.contains('.') || found.contains('.') {
            whole.min(part)
        } else {
            whole
        }
    };
    known.into_iter().min_by_key(|name| cost(name))
}

/// The known name that was most likely meant: the nearest but for its case, where
/// no more than a third of it is a slip.
#[must_use]
pub fn meant<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if found.len() > NAME_MAX {
        return None;
    }
    let found = found.to_lowercase();
    let slips = |name: &str| distance(&found, &name.to_lowercase());
    let near = known.into_iter().min_by_key(|name| slips(name))?;
    (slips(near) * 3 <= near.chars().count()).then_some(near)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, to) in row.iter().skip(1).zip(b.chars()) {
            let changed = diagonal + usize::from(from != to);
            left = changed.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_single_slips() {
        for (a, b, slips) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "axc", 1),
            ("abc", "ac", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), slips, "{a} {b}");
            assert_eq!(distance(b, a), slips, "{b} {a}");
        }
    }

    #[test]
    fn a_name_that_is_no_slip_of_any_was_not_meant() {
        let known = ["invoice.read", "invoice.post"];
        for (found, near) in [
            ("invoice.raed", Some("invoice.read")),
            ("invoices.post", Some("invoice.post")),
            ("INVOICE.READ", Some("invoice.read")),
            ("worker.write", None),
            ("read", None),
            ("", None),
        ] {
            assert_eq!(meant(found, known), near, "{found}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_table_is_near_to_the_right_one() {
        let known = [
            "issuer",
            "limits.body_bytes",
            "limits.token_bytes",
            "tls.key_file",
        ];
        for (found, near) in [
            ("isuer", "issuer"),
            ("body_bytes", "limits.body_bytes"),
            ("limits.body_byte", "limits.body_bytes"),
            ("listen.body_bytes", "limits.body_bytes"),
            ("tls.keyfile", "tls.key_file"),
        ] {
            assert_eq!(nearest(found, known), Some(near), "{found}");
        }
        assert_eq!(nearest("x", []), None);
    }
}
