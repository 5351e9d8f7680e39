//! Requests by route, method and status: rate, errors, duration. Routes are
//! templates and methods a fixed list, so that no request adds a label.

use super::{Histogram, SECONDS};
use http::{Method, StatusCode};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The label of a path that is no route.
const NO_ROUTE: &str = "none";

/// One route with one method.
struct Series {
    seconds: Histogram,
    statuses: RwLock<BTreeMap<u16, AtomicU64>>,
}

type Methods = BTreeMap<&'static str, Arc<Series>>;

/// All routes that were asked for.
#[derive(Default)]
pub struct Requests(RwLock<HashMap<Box<str>, Methods>>);

/// What was counted for a route and method: the path, the method, requests by
/// status, and the durations.
pub type CountedRequest<'a> = (&'a str, &'static str, Vec<(u16, u64)>, &'a Histogram);

impl Requests {
    /// Counts a request that was answered. `route` is the template that
    /// matched.
    pub fn answered(
        &self,
        route: Option<&str>,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let series = self.series(route.unwrap_or(NO_ROUTE), method_label(method));
        series.seconds.took(took);
        series.count(status.as_u16());
    }

    /// Shows every route and method.
    pub fn each(&self, mut show: impl FnMut(CountedRequest<'_>)) {
        let routes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<_> = routes.iter().collect();
        sorted.sort_unstable_by_key(|(route, _)| *route);
        for (route, methods) in sorted {
            for (method, series) in methods {
                show((route, method, series.read(), &series.seconds));
            }
        }
    }

    fn series(&self, route: &str, method: &'static str) -> Arc<Series> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(route).and_then(|methods| methods.get(method)) {
            return series.clone();
        }
        drop(known);
        let mut routes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let methods = routes.entry(route.into()).or_default();
        methods.entry(method).or_insert_with(Series::new).clone()
    }
}

impl Series {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            seconds: Histogram::new(&SECONDS),
            statuses: RwLock::default(),
        })
    }

    fn count(&self, status: u16) {
        let known = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = known.get(&status) {
            count.fetch_add(1, Relaxed);
            return;
        }
        drop(known);
        let mut statuses = self
            .statuses
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        statuses.entry(status).or_default().fetch_add(1, Relaxed);
    }

    fn read(&self) -> Vec<(u16, u64)> {
        let statuses = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        let read = |(status, count): (&u16, &AtomicU64)| (*status, count.load(Relaxed));
        statuses.iter().map(read).collect()
    }
}

/// The method as a label; what anybody makes up is `other`.
pub(crate) fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("other")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn made_up_paths_and_methods_add_no_labels() {
        let requests = Requests::default();
        for name in ["BREW", "STEEP"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            requests.answered(None, &method, StatusCode::NOT_FOUND, Duration::ZERO);
        }
        let took = Duration::from_millis(2);
        requests.answered(Some("/token"), &Method::POST, StatusCode::OK, took);
        let mut seen = Vec::new();
        requests.each(|(route, method, statuses, seconds)| {
            seen.push((route.to_owned(), method, statuses, seconds.sum()));
        });
        assert_eq!(
            seen,
            [
                ("/token".to_owned(), "POST", vec![(200, 1)], 0.002),
                ("none".to_owned(), "other", vec![(404, 2)], 0.0),
            ]
        );
    }
}
