//! Contract §6: inheritance, single objects, absent limits, required types.

use super::super::{Catalogue, DetailsFlaw, Enclosing, narrow};
use super::{details, invoice, invoices};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// A case in JSON; `null` is an absent list.
#[derive(Clone, Default)]
pub(super) struct Case {
    pub(super) requested: Json,
    pub(super) parent: Json,
    pub(super) grant: Json,
    pub(super) ceiling: Json,
    pub(super) required: bool,
}

impl Case {
    fn run(&self) -> Result<Json, DetailsFlaw> {
        self.run_in(&invoices())
    }

    pub(super) fn run_in(&self, catalogue: &Catalogue) -> Result<Json, DetailsFlaw> {
        let read = |json: &Json| (!json.is_null()).then(|| details(json.clone(), catalogue));
        let lists = [&self.requested, &self.parent, &self.grant, &self.ceiling].map(read);
        let [requested, parent, grant, ceiling] = lists;
        let limits = Enclosing {
            parent: parent.as_ref(),
            grant: grant.as_ref(),
            ceiling: ceiling.as_ref(),
        };
        let required = self.required.then(|| "invoice_post".to_owned());
        let required: BTreeSet<String> = required.into_iter().collect();
        narrow(requested.as_ref(), limits, &required, catalogue).map(|d| d.to_json())
    }

    fn granted(&self) -> Json {
        self.run().unwrap()
    }

    fn refused(&self) -> DetailsFlaw {
        self.run().unwrap_err()
    }
}

fn list(objects: &[Json]) -> Json {
    details(json!(objects), &invoices()).to_json()
}

fn full() -> Json {
    json!([invoice("1000", "4200.00", &["7", "8"])])
}

#[test]
fn nothing_requested_without_parent_and_grant_is_nothing() {
    assert_eq!(Case::default().granted(), json!([]));
    let ceiling = Case {
        ceiling: full(),
        ..Case::default()
    };
    assert_eq!(ceiling.granted(), json!([]));
}

#[test]
fn a_complete_request_is_granted_as_it_is() {
    let case = Case {
        requested: full(),
        ..Case::default()
    };
    assert_eq!(case.granted(), list(full().as_array().unwrap()));
}

#[test]
fn every_field_is_required_where_nothing_is_inherited() {
    for field in ["amount", "company", "invoices"] {
        let mut requested = full();
        requested[0].as_object_mut().unwrap().remove(field);
        let case = Case {
            requested,
            ceiling: full(),
            ..Case::default()
        };
        let flaw = case.refused();
        assert_eq!(
            (flaw.pointer, flaw.found),
            (format!("/0/{field}"), "none".to_owned())
        );
    }
}

#[test]
fn empty_grant_and_ceiling_set_no_limit() {
    let case = Case {
        requested: full(),
        grant: json!([]),
        ceiling: json!([]),
        ..Case::default()
    };
    assert_eq!(case.granted(), list(full().as_array().unwrap()));
}

#[test]
fn an_empty_parent_passes_nothing_on() {
    let case = Case {
        parent: json!([]),
        grant: full(),
        ceiling: full(),
        ..Case::default()
    };
    assert_eq!(case.granted(), json!([]));
    let case = Case {
        requested: full(),
        ..case
    };
    let flaw = case.refused();
    assert_eq!(
        (flaw.pointer.as_str(), flaw.would_pass.map(|json| *json)),
        ("/0/type", None)
    );
    let required = Case {
        requested: Json::Null,
        required: true,
        ..case
    };
    assert_eq!(required.refused().would_pass, None);
}

#[test]
fn an_empty_request_is_no_request() {
    let case = Case {
        requested: json!([]),
        parent: full(),
        ..Case::default()
    };
    assert_eq!(case.granted(), list(full().as_array().unwrap()));
}

#[test]
fn nothing_requested_is_the_parent_whole_not_the_grant() {
    let parent = json!([invoice("1000", "10", &["7"]), invoice("1000", "20", &["8"])]);
    let case = Case {
        parent: parent.clone(),
        grant: full(),
        ..Case::default()
    };
    assert_eq!(case.granted(), list(parent.as_array().unwrap()));
}

#[test]
fn nothing_requested_at_the_root_is_the_grant_whole() {
    let case = Case {
        grant: full(),
        ceiling: full(),
        ..Case::default()
    };
    assert_eq!(case.granted(), list(full().as_array().unwrap()));
}

#[test]
fn an_incomplete_grant_needs_the_field_in_the_request() {
    let grant = json!([{"type": "invoice_post", "amount": "100", "company": "1000"}]);
    let case = Case {
        grant,
        ..Case::default()
    };
    assert_eq!(case.refused().pointer, "/0/invoices");
    let requested = json!([{"type": "invoice_post", "invoices": ["7"]}]);
    let case = Case { requested, ..case };
    assert_eq!(case.granted(), list(&[invoice("1000", "100", &["7"])]));
}

#[test]
fn an_inherited_grant_outside_the_ceiling_is_refused_not_cut() {
    let ceiling = json!([invoice("1000", "500", &["7", "8"])]);
    let case = Case {
        grant: full(),
        ceiling: ceiling.clone(),
        ..Case::default()
    };
    let flaw = case.refused();
    assert_eq!(flaw.pointer, "/0/amount");
    assert_eq!(flaw.expected, "at most `500`");
    assert!(
        flaw.found.starts_with("`4200.00` inherited"),
        "{}",
        flaw.found
    );
    assert_eq!(
        flaw.would_pass,
        Some(Box::new(list(ceiling.as_array().unwrap())))
    );
}

#[test]
fn a_field_left_out_comes_from_the_first_object_that_can_hold_the_rest() {
    let parent = json!([
        invoice("1000", "50", &["7"]),
        invoice("1000", "500", &["8", "9"]),
        invoice("1000", "900", &["8"])
    ]);
    let requested = json!([{"type": "invoice_post", "amount": "400"}]);
    let case = Case {
        requested,
        parent,
        ..Case::default()
    };
    assert_eq!(case.granted(), list(&[invoice("1000", "400", &["8", "9"])]));
    let ceiling = json!([invoice("1000", "1000", &["8"])]);
    let case = Case { ceiling, ..case };
    assert_eq!(case.granted(), list(&[invoice("1000", "400", &["8"])]));
}

#[test]
fn a_parents_object_is_the_seed_on_a_later_hop_and_the_grant_still_limits() {
    let requested = json!([{"type": "invoice_post", "company": "1000"}]);
    let parent = json!([invoice("1000", "400", &["7"])]);
    let case = Case {
        requested,
        parent,
        grant: full(),
        ..Case::default()
    };
    assert_eq!(case.granted(), list(&[invoice("1000", "400", &["7"])]));
    let grant = json!([invoice("1000", "300", &["7"])]);
    let case = Case { grant, ..case };
    assert_eq!(case.refused().pointer, "/0/amount");
}

#[test]
fn two_objects_of_a_limit_are_never_added_up() {
    let limit = json!([
        invoice("1000", "50", &["7", "8"]),
        invoice("1000", "500", &["7"])
    ]);
    let requested = json!([invoice("1000", "500", &["7", "8"])]);
    for case in [
        Case {
            parent: limit.clone(),
            ..Case::default()
        },
        Case {
            grant: limit.clone(),
            ..Case::default()
        },
        Case {
            ceiling: limit.clone(),
            ..Case::default()
        },
    ] {
        let case = Case {
            requested: requested.clone(),
            ..case
        };
        assert!(case.run().is_err());
    }
}

#[test]
fn a_required_type_must_be_there() {
    let case = Case {
        required: true,
        ..Case::default()
    };
    let flaw = case.refused();
    assert_eq!(flaw.pointer, "");
    let fields = "an object of type `invoice_post` with the fields `amount`, `company`, `invoices`";
    assert_eq!(flaw.expected, fields);
    assert_eq!(flaw.would_pass, None);
    let limited = Case {
        ceiling: full(),
        ..case.clone()
    };
    assert_eq!(limited.refused().would_pass, None, "it was not asked for");
    for case in [
        Case {
            requested: full(),
            ..case.clone()
        },
        Case {
            parent: full(),
            ..case.clone()
        },
        Case {
            grant: full(),
            ..case
        },
    ] {
        assert!(case.run().is_ok());
    }
}

#[test]
fn the_suggestion_is_the_nearest_object_and_passes() {
    let grant = json!([
        invoice("1000", "500", &["7"]),
        invoice("2000", "900", &["7", "8", "9"])
    ]);
    let requested = json!([
        invoice("2000", "1000", &["8", "9"]),
        invoice("2000", "10", &["6", "7"])
    ]);
    let case = Case {
        requested,
        grant,
        ..Case::default()
    };
    let flaw = case.refused();
    assert_eq!(
        (flaw.pointer.as_str(), flaw.expected.as_str()),
        ("/0/amount", "at most `900`")
    );
    let suggestion = *flaw.would_pass.unwrap();
    let nearest = list(&[
        invoice("2000", "900", &["8", "9"]),
        invoice("2000", "10", &["7"]),
    ]);
    assert_eq!(suggestion, nearest);
    let again = Case {
        requested: suggestion.clone(),
        ..case
    };
    assert_eq!(again.granted(), suggestion);
}

#[test]
fn limits_that_contradict_each_other_suggest_nothing() {
    let grant = json!([invoice("1000", "500", &["7"])]);
    let ceiling = json!([invoice("2000", "500", &["7"])]);
    let case = Case {
        requested: grant.clone(),
        grant,
        ceiling,
        ..Case::default()
    };
    let flaw = case.refused();
    assert_eq!(
        (flaw.pointer.as_str(), flaw.would_pass.map(|json| *json)),
        ("/0/company", None)
    );
}

#[test]
fn a_suggestion_that_passes_is_preferred_to_one_that_does_not() {
    let grant = json!([
        invoice("2000", "950", &["7"]),
        invoice("1000", "800", &["7"])
    ]);
    let ceiling = json!([
        invoice("2000", "950", &["7"]),
        invoice("1000", "800", &["7"])
    ]);
    let requested = json!([invoice("1000", "950", &["7"])]);
    let case = Case {
        requested,
        grant,
        ceiling: ceiling.clone(),
        ..Case::default()
    };
    assert_eq!(
        case.refused().would_pass.map(|json| *json),
        Some(list(&[invoice("1000", "800", &["7"])]))
    );
}

#[test]
fn a_suggestion_never_names_more_than_was_asked_for() {
    let ceiling = json!([invoice("1000", "5000", &["7"])]);
    let partial = json!([{"type": "invoice_post", "company": "1000", "invoices": ["7"]}]);
    for requested in [
        json!([invoice("2000", "10", &["7"])]),
        json!([invoice("1000", "10", &["8"])]),
        // What was left out is not said in the caller's place.
        partial,
    ] {
        let case = Case {
            requested,
            ceiling: ceiling.clone(),
            ..Case::default()
        };
        assert_eq!(case.refused().would_pass, None, "{}", case.requested);
    }
}
