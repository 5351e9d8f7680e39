//! A file cut into its policies before Cedar parses them: so that a flaw has a
//! line, and nothing nests deeper than a thread's stack bears. Cedar's parser
//! and the drop of its trees recurse without a bound, and an exhausted stack
//! ends the process.

use crate::flaw::PolicyFlaw;

/// Deepest nesting of brackets in one policy.
pub const NESTING_MAX: usize = 32;
/// Most operators, conditions and opening brackets in one policy: the deepest
/// tree that a chain without brackets (`a && b && …`) can make. Members of a
/// list do not count.
pub const OPERATORS_MAX: usize = 250;

/// The text of one policy and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement<'a> {
    pub(crate) file: &'a str,
    whole: &'a str,
    start: usize,
    pub(crate) text: &'a str,
}

impl Statement<'_> {
    /// A flaw at a byte of this policy's own text.
    pub(crate) fn flaw(&self, byte: usize, detail: impl Into<String>) -> PolicyFlaw {
        PolicyFlaw::at(self.file, self.whole, self.start + byte, detail)
    }
}

/// Cuts a file at each `;` outside brackets, strings and comments. What is cut
/// wrongly does not parse as one policy and is refused then.
///
/// # Errors
/// The first policy that nests too deep.
pub(crate) fn split<'a>(file: &'a str, whole: &'a str) -> Result<Vec<Statement<'a>>, PolicyFlaw> {
    let mut found = Vec::new();
    let mut scan = Scan::default();
    for (place, c) in whole.char_indices() {
        let ended = scan
            .step(place, c)
            .map_err(|detail| PolicyFlaw::at(file, whole, place, detail))?;
        if ended {
            found.extend(statement(file, whole, scan.start, place + c.len_utf8()));
            scan = Scan::default();
        }
    }
    if let Inside::Slash(at) = scan.inside {
        scan.start.get_or_insert(at);
    }
    found.extend(statement(file, whole, scan.start, whole.len()));
    Ok(found)
}

fn statement<'a>(
    file: &'a str,
    whole: &'a str,
    start: Option<usize>,
    end: usize,
) -> Option<Statement<'a>> {
    let start = start?;
    let text = whole.get(start..end)?;
    Some(Statement {
        file,
        whole,
        start,
        text,
    })
}

/// Where the scan is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Code,
    /// After one `/`, at this byte.
    Slash(usize),
    Comment,
    Text,
    /// After a `\` in a string.
    Escape,
}

#[derive(Debug, Default)]
struct Scan {
    inside: Inside,
    /// First byte that is neither white space nor comment.
    start: Option<usize>,
    depth: usize,
    operators: usize,
    word: Word,
}

impl Scan {
    /// Takes one character; true when it ends a policy.
    fn step(&mut self, place: usize, c: char) -> Result<bool, String> {
        self.inside = match (self.inside, c) {
            (Inside::Text, '\\') => Inside::Escape,
            (Inside::Text, '"') | (Inside::Comment, '\n' | '\r') => Inside::Code,
            (Inside::Text | Inside::Escape, _) => Inside::Text,
            (Inside::Slash(_), '/') | (Inside::Comment, _) => Inside::Comment,
            (Inside::Slash(at), _) => {
                // A lone slash is no Cedar: left for the parser to refuse.
                self.start.get_or_insert(at);
                return self.code(place, c);
            }
            (Inside::Code, _) => return self.code(place, c),
        };
        Ok(false)
    }

    fn code(&mut self, place: usize, c: char) -> Result<bool, String> {
        self.inside = match c {
            '/' => Inside::Slash(place),
            '"' => Inside::Text,
            _ => Inside::Code,
        };
        self.operators += usize::from(self.word.ends_as_operator(c));
        if c.is_whitespace() || c == '/' {
            return Ok(false);
        }
        self.start.get_or_insert(place);
        match c {
            '(' | '[' | '{' => {
                self.depth += 1;
                self.operators += 1;
            }
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            '!' | '-' | '+' | '*' | '.' | '<' | '>' | '=' | '&' | '|' => self.operators += 1,
            _ => {}
        }
        if self.depth > NESTING_MAX {
            return Err(format!(
                "expected brackets nested at most {NESTING_MAX} deep"
            ));
        }
        if self.operators > OPERATORS_MAX {
            return Err(format!(
                "expected at most {OPERATORS_MAX} operators in one policy"
            ));
        }
        Ok(c == ';' && self.depth == 0)
    }
}

/// The word being read, as far as an operator can be long.
#[derive(Debug, Default)]
struct Word(String);

impl Word {
    /// Takes one character; true when it ends a word that is an operator.
    fn ends_as_operator(&mut self, c: char) -> bool {
        if c.is_ascii_alphanumeric() || c == '_' {
            // One more than the longest operator, so that `likes` is not `like`.
            if self.0.len() < 5 {
                self.0.push(c);
            }
            return false;
        }
        let word = std::mem::take(&mut self.0);
        matches!(word.as_str(), "if" | "in" | "is" | "has" | "like")
    }
}
