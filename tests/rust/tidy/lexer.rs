//! Just enough of Rust's lexical grammar to tell code from comments and text.

/// The source with comments and the insides of string and character literals
/// replaced by blanks. Lines and columns (in characters) stay.
pub(crate) fn blank(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = chars.clone();
    for (from, to, _) in pieces(&chars) {
        out[from..to]
            .iter_mut()
            .filter(|c| **c != '\n')
            .for_each(|c| *c = ' ');
    }
    out.into_iter().collect()
}

/// The comments of the source, everything else replaced by blanks. Lines and
/// columns (in characters) stay.
pub(crate) fn comments(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out: Vec<char> = chars
        .iter()
        .map(|c| if *c == '\n' { '\n' } else { ' ' })
        .collect();
    // Behind a comment code goes on at once, behind a literal after its quote.
    for (from, to, _) in pieces(&chars).into_iter().filter(|(_, to, on)| to == on) {
        out[from..to].copy_from_slice(&chars[from..to]);
    }
    out.into_iter().collect()
}

/// Comments and the insides of literals: from, to, and where code goes on.
fn pieces(chars: &[char]) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match end_of_blank(chars, at) {
            Some(piece) => {
                found.push((piece.0, piece.1.min(chars.len()), piece.2));
                at = piece.2;
            }
            None => at += 1,
        }
    }
    found
}

/// When a comment or literal begins at `at`: what of it to blank (from, to) and
/// where code goes on.
fn end_of_blank(chars: &[char], at: usize) -> Option<(usize, usize, usize)> {
    let here = |offset: usize| chars.get(at + offset).copied();
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match (here(0)?, here(1)) {
        ('/', Some('/')) => {
            let end = until(chars, at, &['\n']);
            Some((at, end, end))
        }
        ('/', Some('*')) => {
            let end = nested(chars, at);
            Some((at, end, end))
        }
        ('"', _) => {
            let end = quoted(chars, at + 1, '"');
            Some((at + 1, end, end + 1))
        }
        ('r', Some('"' | '#')) if !word_before || (at > 0 && chars[at - 1] == 'b') => {
            raw(chars, at + 1)
        }
        ('\'', Some('\\')) => {
            let end = quoted(chars, at + 1, '\'');
            Some((at + 1, end, end + 1))
        }
        ('\'', Some(_)) if here(2) == Some('\'') => Some((at + 1, at + 2, at + 3)),
        _ => None,
    }
}

fn until(chars: &[char], from: usize, stops: &[char]) -> usize {
    let found = chars.iter().skip(from).position(|c| stops.contains(c));
    found.map_or(chars.len(), |offset| from + offset)
}

fn quoted(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at.min(chars.len())
}

fn raw(chars: &[char], from: usize) -> Option<(usize, usize, usize)> {
    let hashes = chars.iter().skip(from).take_while(|c| **c == '#').count();
    let start = from + hashes;
    // `r#type` is a raw identifier, no literal.
    (chars.get(start) == Some(&'"')).then_some(())?;
    let closes = |at: &usize| {
        chars[*at] == '"' && (1..=hashes).all(|offset| chars.get(at + offset) == Some(&'#'))
    };
    let end = (start + 1..chars.len()).find(closes).unwrap_or(chars.len());
    Some((start + 1, end, end + 1 + hashes))
}

fn nested(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

#[test]
fn comments_and_literals_are_blanked_and_nothing_else() {
    let source = "let a = \"x.unwrap()\\\"\"; // panic!\nr#\"}\"#; b\"{\"; '{' '\\'' 'a: &'a /* { /* */ */ }";
    let blank = blank(source);
    assert_eq!(blank.chars().count(), source.chars().count());
    assert!(!blank.contains("unwrap") && !blank.contains("panic"));
    assert_eq!(blank.matches(['{', '}']).count(), 1);
    assert!(blank.contains("'a: &'a"));
}

#[test]
fn comments_are_told_from_code_and_from_literals() {
    let source = "let a = \"// no\"; // yes\n/* and this */ let b = '/'; \"/* no */\";";
    let comments = comments(source);
    assert_eq!(comments.chars().count(), source.chars().count());
    let words: Vec<&str> = comments.split_whitespace().collect();
    assert_eq!(words.join(" "), "// yes /* and this */");
}
