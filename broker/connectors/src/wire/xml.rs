//! Answers in XML: elements, attributes and text, and nothing that could pull
//! in more. Declarations of types, comments and CDATA start with `<!`, which
//! is refused before anything is read.

use super::ANSWER_MAX;
use crate::trouble::Trouble;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 16;
/// Most elements that are read.
const ELEMENTS_MAX: usize = 4_096;
/// Most attributes of one element.
const ATTRIBUTES_MAX: usize = 16;

/// One element.
#[derive(Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    /// Its own text, without that of its children.
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut found = self.attributes.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The one child of that name; `None` where there is none, or more.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    pub(crate) const fn has_no_children(&self) -> bool {
        self.children.is_empty()
    }

    /// Takes that child out.
    pub(crate) fn take_child(&mut self, name: &str) -> Option<Self> {
        self.child(name)?;
        let place = self.children.iter().position(|child| child.name == name)?;
        Some(self.children.remove(place))
    }
}

/// Reads one document.
pub(crate) fn read(body: &[u8]) -> Result<Element, Trouble> {
    parse(body).map_err(Trouble::nonsense)
}

fn parse(body: &[u8]) -> Result<Element, &'static str> {
    if body.len() > ANSWER_MAX {
        return Err("expected at most 262,144 bytes of XML, found more");
    }
    if body.windows(2).any(|two| two == b"<!") {
        return Err("expected XML without `<!`, found one");
    }
    let text = std::str::from_utf8(body).map_err(|_| NOT_XML)?;
    let mut reader = Reader::from_str(text);
    let mut tree = Tree::default();
    loop {
        match reader.read_event().map_err(|_| NOT_XML)? {
            Event::Start(start) => tree.open(&start)?,
            Event::Empty(start) => {
                tree.open(&start)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text)?,
            Event::GeneralRef(name) => {
                tree.text(character(&name)?.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(_) if tree.is_new() => {}
            Event::Eof => return tree.done(),
            Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::CData(_)
            | Event::Comment(_) => return Err(NOT_XML),
        }
    }
}

const NOT_XML: &str = "expected XML of elements, attributes and text, found another answer";

/// A character by its reference: a number, or one of the five names that every
/// document knows.
fn character(name: &str) -> Result<char, &'static str> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
    let code = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix('x') {
            Some(hex) => number(hex, 16),
            None => number(digits, 10),
        },
        None => match name {
            "lt" => Some(0x3c),
            "gt" => Some(0x3e),
            "amp" => Some(0x26),
            "apos" => Some(0x27),
            "quot" => Some(0x22),
            _ => None,
        },
    };
    code.and_then(char::from_u32)
        .filter(|character| *character != '\0')
        .ok_or("expected only references that every XML document knows, found another")
}

/// The document so far.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    seen: bool,
    elements: usize,
}

impl Tree {
    fn is_new(&mut self) -> bool {
        !std::mem::replace(&mut self.seen, true)
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), &'static str> {
        self.seen = true;
        self.elements += 1;
        if self.open.len() == DEPTH_MAX || self.elements > ELEMENTS_MAX {
            return Err("expected at most 16 levels and 4,096 elements of XML, found more");
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err("expected one element at the top, found two");
        }
        let mut element = Element {
            name: start.name().as_ref().to_owned(),
            ..Element::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| NOT_XML)?;
            if element.attributes.len() == ATTRIBUTES_MAX {
                return Err("expected at most 16 attributes of one element, found more");
            }
            // No attribute that is looked at has references in it.
            let value = attribute.value.into_owned();
            element
                .attributes
                .push((attribute.key.as_ref().to_owned(), value));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), &'static str> {
        let element = self.open.pop().ok_or(NOT_XML)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        match self.open.last_mut() {
            Some(element) => {
                element.text.push_str(text);
                Ok(())
            }
            None if text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) => Ok(()),
            None => Err(NOT_XML),
        }
    }

    fn done(self) -> Result<Element, &'static str> {
        let root = self.root.filter(|_| self.open.is_empty());
        root.ok_or(NOT_XML)
    }
}
