#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn sound(version: Version, hosts: &[&str]) -> bool {
    aimed(version, "/", hosts)
}

fn aimed(version: Version, target: &str, hosts: &[&str]) -> bool {
    let mut request = http::Request::get(target).version(version);
    for host in hosts {
        request = request.header(HOST, *host);
    }
    is_sound(&request.body(()).unwrap().into_parts().0)
}

#[test]
fn rfc9112_a_request_of_http_1_1_has_one_well_formed_host() {
    for host in [
        "broker.example",
        "broker.example:8420",
        "broker.example:",
        "127.0.0.1:8420",
        "[::1]:8420",
        "[::1]",
        "localhost",
    ] {
        assert!(sound(Version::HTTP_11, &[host]), "{host}");
    }
    for host in [
        "", " ", "a b", "a, b", "a/b", "a?b", "a#b", "user@a", "a:b", "a:65536", "a:1:2", ":8420",
        "[::1", "::1]", "http://a",
    ] {
        assert!(!sound(Version::HTTP_11, &[host]), "{host}");
    }
    assert!(!sound(Version::HTTP_11, &[]));
    assert!(!sound(Version::HTTP_11, &["a", "a"]));
}

#[test]
fn before_http_1_1_none_is_needed_and_in_http_2_one_of_two() {
    assert!(sound(Version::HTTP_10, &[]));
    assert!(!sound(Version::HTTP_2, &[]));
    assert!(aimed(Version::HTTP_2, "https://a/", &[]));
    assert!(aimed(Version::HTTP_10, "http://a/", &[]));
    assert!(!aimed(Version::HTTP_11, "http://a/", &[]));
    for version in [Version::HTTP_10, Version::HTTP_2] {
        assert!(sound(version, &["a"]));
        assert!(!sound(version, &["a", "b"]));
        assert!(!sound(version, &["a b"]));
    }
}

#[test]
fn the_targets_authority_and_the_header_name_one_host() {
    for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
        for (target, host) in [
            ("http://a/x", "a"),
            ("http://A/x", "a"),
            ("http://a:80/x", "a"),
            ("https://a/x", "a:443"),
            ("http://a:/x", "a"),
            ("http://a:8420/x", "a:8420"),
            ("http://[::1]:1/x", "[::1]:1"),
        ] {
            assert!(aimed(version, target, &[host]), "{target} {host}");
        }
        for (target, host) in [
            ("http://evil.example/x", "a"),
            ("http://a:1/x", "a"),
            ("http://a/x", "a:443"),
            ("https://a/x", "a:80"),
            ("http://u:p@a/x", "a"),
            ("http://u@a/x", "u@a"),
            ("http://a/x", "u@a"),
            ("http://a/x", "a b"),
            ("http://a/x", ""),
        ] {
            assert!(!aimed(version, target, &[host]), "{target} {host}");
        }
    }
    for target in ["http://u:p@a/x", "http://u@a/x"] {
        assert!(!aimed(Version::HTTP_2, target, &[]), "{target}");
        assert!(!aimed(Version::HTTP_10, target, &[]), "{target}");
    }
}
