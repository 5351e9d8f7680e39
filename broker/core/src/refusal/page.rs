//! A code's page: what `GET /errors/{code}` answers and `docs/errors.md` holds.

use super::Code;

/// The page of a code, in Markdown: what it means, what to do next, how it
/// appears on the wire.
#[must_use]
pub fn page(code: Code) -> String {
    let mapping = code.mapping();
    let error = match mapping.error {
        Some(error) => format!("`error` `{error}`"),
        None => "of the admin API alone".to_owned(),
    };
    let again = if code.retryable() {
        "the same request may pass later"
    } else {
        "the same request will not pass by being sent again"
    };
    format!(
        "## {}\n\n{}\n\n**Next:** {}\n\nHTTP {}, {error}; {again}.\n",
        mapping.text, mapping.meaning, mapping.next, mapping.status
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_a_code_means_and_what_to_do_next() {
        for code in Code::ALL {
            let page = page(code);
            assert!(page.starts_with(&format!("## {}\n", code.text())));
            assert!(page.contains(code.mapping().meaning));
            assert!(page.contains(code.mapping().next));
        }
    }
}
