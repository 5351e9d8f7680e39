//! Time spans between two RFC 3339 timestamps, compared as instants.

/// A span that includes both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DetailsSpan {
    not_before: Stamp,
    not_after: Stamp,
}

/// A timestamp as it was written, and the instant it means.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    text: String,
    at: DetailsTime,
}

/// Seconds since 1970-01-01T00:00:00Z and nanoseconds within the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DetailsTime(i64, u32);

impl DetailsSpan {
    /// Reads both ends; `None` if one is no timestamp or they are in the wrong order.
    pub(super) fn parse(not_before: &str, not_after: &str) -> Option<Self> {
        let span = Self {
            not_before: Stamp::parse(not_before)?,
            not_after: Stamp::parse(not_after)?,
        };
        (span.not_before.at <= span.not_after.at).then_some(span)
    }

    /// Whether every instant of `child` lies in this span.
    pub(super) fn contains(&self, child: &Self) -> bool {
        self.not_before.at <= child.not_before.at && child.not_after.at <= self.not_after.at
    }

    /// What both spans have in common, or this one where they do not meet.
    pub(super) fn nearest(&self, child: &Self) -> Self {
        let later = |a: &Stamp, b: &Stamp| if a.at >= b.at { a.clone() } else { b.clone() };
        let earlier = |a: &Stamp, b: &Stamp| if a.at <= b.at { a.clone() } else { b.clone() };
        let common = Self {
            not_before: later(&self.not_before, &child.not_before),
            not_after: earlier(&self.not_after, &child.not_after),
        };
        if common.not_before.at <= common.not_after.at {
            common
        } else {
            self.clone()
        }
    }

    /// Both ends as they were written.
    pub(super) fn texts(&self) -> (&str, &str) {
        (&self.not_before.text, &self.not_after.text)
    }
}

impl Stamp {
    fn parse(text: &str) -> Option<Self> {
        let at = DetailsTime::parse(text)?;
        Some(Self {
            text: text.to_owned(),
            at,
        })
    }
}

impl DetailsTime {
    /// RFC 3339 §5.6 `date-time`, at most nine digits of a second. A leap second
    /// is refused: which instant it means cannot be known without a table.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let year = number(&mut rest, 4)?;
        let month = after(&mut rest, b"-", 2)?;
        let day = after(&mut rest, b"-", 2)?;
        let hour = after(&mut rest, b"Tt", 2)?;
        let minute = after(&mut rest, b":", 2)?;
        let second = after(&mut rest, b":", 2)?;
        let nanos = fraction(&mut rest)?;
        let offset = offset(rest)?;
        let real = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let local = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        real.then_some(Self(local - offset, nanos))
    }
}

/// Exactly `count` digits off the front.
fn number(rest: &mut &str, count: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    let digits = head.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| head.parse().ok()).flatten()
}

/// One of `separators` and then exactly `count` digits off the front.
fn after(rest: &mut &str, separators: &[u8], count: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(1)?;
    *rest = tail;
    let right = head.bytes().all(|b| separators.contains(&b));
    right.then(|| number(rest, count)).flatten()
}

/// The optional fraction of a second, in nanoseconds.
fn fraction(rest: &mut &str) -> Option<u32> {
    let Some(tail) = rest.strip_prefix('.') else {
        return Some(0);
    };
    let end = tail.find(|c: char| !c.is_ascii_digit())?;
    let (digits, tail) = tail.split_at_checked(end)?;
    *rest = tail;
    let fits = (1..=9).contains(&digits.len());
    fits.then(|| format!("{digits:0<9}").parse().ok()).flatten()
}

/// `Z`, `+hh:mm` or `-hh:mm` and nothing after it, in seconds east of UTC.
fn offset(text: &str) -> Option<i64> {
    if text == "Z" || text == "z" {
        return Some(0);
    }
    let (sign, mut rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let hours = number(&mut rest, 2)?;
    let minutes = after(&mut rest, b":", 2)?;
    let real = rest.is_empty() && hours < 24 && minutes < 60;
    real.then_some(sign * (hours * 3600 + minutes * 60))
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Leap days before the year, counted from year 0, which is one itself.
    let before = |year: i64| year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let months: i64 = (1..month).map(|m| days_in(year, m)).sum();
    before(year) - before(1970) + months + day - 1
}
