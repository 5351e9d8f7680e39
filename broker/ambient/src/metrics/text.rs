//! The Prometheus text format, version 0.0.4. Label values are our own plain
//! words and route templates: nothing has to be escaped.

use super::Histogram;
use std::fmt::{Display, Write};

/// A page of metrics while it is written.
#[derive(Default)]
pub struct Text(String);

/// The labels of one line: names and values.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

impl Text {
    /// Begins a family: what it is, and `counter`, `gauge` or `histogram`.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// One value of the family begun last.
    pub fn value(&mut self, name: &str, labels: Labels<'_>, value: impl Display) {
        let labels = braced(labels, None);
        self.line(format_args!("{name}{labels} {value}"));
    }

    /// A family of one value without labels.
    pub fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.value(name, &[], value);
    }

    /// A histogram of the family begun last.
    pub fn histogram(&mut self, name: &str, labels: Labels<'_>, histogram: &Histogram) {
        self.buckets(
            name,
            labels,
            (histogram.bounds(), &histogram.counts(), histogram.sum()),
        );
    }

    /// The same from bounds, counts (one more than bounds) and sum.
    pub fn buckets(
        &mut self,
        name: &str,
        labels: Labels<'_>,
        (bounds, counts, sum): (&[f64], &[u64], f64),
    ) {
        let mut below = 0;
        for (bound, count) in bounds.iter().zip(counts) {
            below += count;
            let labels = braced(labels, Some(&bound.to_string()));
            self.line(format_args!("{name}_bucket{labels} {below}"));
        }
        let all: u64 = counts.iter().sum();
        let last = braced(labels, Some("+Inf"));
        let labels = braced(labels, None);
        self.line(format_args!("{name}_bucket{last} {all}"));
        self.line(format_args!("{name}_sum{labels} {sum}"));
        self.line(format_args!("{name}_count{labels} {all}"));
    }

    /// The page.
    pub fn into_string(self) -> String {
        self.0
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // INVARIANT: writing to a String cannot fail.
        let _ = self.0.write_fmt(text);
        self.0.push('\n');
    }
}

fn braced(labels: Labels<'_>, le: Option<&str>) -> String {
    let bound = le.map(|le| ("le", le));
    let all = labels.iter().copied().chain(bound);
    let pairs: Vec<String> = all
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    if pairs.is_empty() {
        return String::new();
    }
    format!("{{{}}}", pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_written_with_rising_counts_and_an_unbounded_bucket() {
        let histogram = Histogram::new(&[0.5, 1.0]);
        for value in [0.25, 0.75, 2.0] {
            histogram.observe(value);
        }
        let mut text = Text::default();
        text.family("t_seconds", "histogram", "A test.");
        text.histogram("t_seconds", &[("path", "/x")], &histogram);
        assert_eq!(
            text.into_string(),
            "# HELP t_seconds A test.\n# TYPE t_seconds histogram\n\
             t_seconds_bucket{path=\"/x\",le=\"0.5\"} 1\n\
             t_seconds_bucket{path=\"/x\",le=\"1\"} 2\n\
             t_seconds_bucket{path=\"/x\",le=\"+Inf\"} 3\n\
             t_seconds_sum{path=\"/x\"} 3\n\
             t_seconds_count{path=\"/x\"} 3\n"
        );
    }
}
