//! `--details`: one or several objects of RFC 9396, as JSON or in short.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Joins every `--details` into one list. Each is a JSON object, a JSON list of
/// objects, or the short form `type=T,name=text,name:=JSON,name[]=one of a list`.
pub(crate) fn parse(given: &[String]) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for text in given {
        match text.trim_start().starts_with(['{', '[']) {
            true => all.extend(json(text)?),
            false => all.push(short(text)?),
        }
    }
    match all
        .iter()
        .all(|one| one.get("type").is_some_and(Value::is_string))
    {
        true => Ok(all),
        false => Err(Failure::usage(
            "expected a `type` in every object of --details, such as `type=invoice_post`, found none",
        )),
    }
}

fn json(text: &str) -> Result<Vec<Value>, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Array(several)) => Ok(several),
        Ok(one) => Ok(vec![one]),
        Err(error) => Err(Failure::usage(format!(
            "expected JSON in --details, found an error in column {}",
            error.column()
        ))),
    }
}

fn short(text: &str) -> Result<Value, Failure> {
    let mut object = Map::new();
    for pair in text.split(',') {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Failure::usage(format!(
                "expected `name=value` in --details, found `{pair}`"
            )));
        };
        let text = || Value::String(value.to_owned());
        if let Some(name) = name.strip_suffix("[]") {
            match object
                .entry(name)
                .or_insert_with(|| Value::Array(Vec::new()))
            {
                Value::Array(items) => items.push(text()),
                _ => return Err(twice(name)),
            }
            continue;
        }
        let (name, value) = match name.strip_suffix(':') {
            Some(name) => (name, raw(name, value)?),
            None => (name, text()),
        };
        if object.insert(name.to_owned(), value).is_some() {
            return Err(twice(name));
        }
    }
    Ok(Value::Object(object))
}

fn raw(name: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|_| {
        Failure::usage(format!(
            "expected JSON after `{name}:=` in --details, found `{text}`"
        ))
    })
}

fn twice(name: &str) -> Failure {
    Failure::usage(format!(
        "expected `{name}` once in --details, found it twice"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn parsed(text: &str) -> Result<Vec<Value>, Failure> {
        parse(&[text.to_owned()])
    }

    #[test]
    fn the_short_form_tells_texts_numbers_and_lists_apart() {
        assert_eq!(
            parsed("type=invoice_post,amount=4200.00,days:=3,invoices[]=1,invoices[]=2").unwrap(),
            [json!({"type":"invoice_post","amount":"4200.00","days":3,"invoices":["1","2"]})]
        );
    }

    #[test]
    fn json_is_taken_as_it_is() {
        assert_eq!(parsed(r#"[{"type":"a"},{"type":"b"}]"#).unwrap().len(), 2);
        assert_eq!(
            parsed(r#" {"type":"a","n":1}"#).unwrap(),
            [json!({"type":"a","n":1})]
        );
    }

    #[test]
    fn what_is_no_detail_is_refused_with_the_expected_form() {
        for wrong in [
            "amount=1",
            "type",
            "type=a,type=b",
            "type=a,n:=x",
            "{",
            "[1]",
            "type=a,b=1,b[]=2",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
