#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

const SPECIAL: [&str; 53] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "1fff::1",
];

const PUBLIC: [&str; 17] = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450::1",
];

fn at(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn special_ranges_are_reached_by_no_scheme() {
    let guard = Guard::new(Vec::new());
    for text in SPECIAL {
        assert!(guard.judge(at(text), Scheme::Tls).is_err(), "{text}");
        assert!(guard.judge(at(text), Scheme::Plain).is_err(), "{text}");
    }
}

#[test]
fn the_open_internet_is_reached_by_tls_only() {
    let guard = Guard::new(Vec::new());
    for text in PUBLIC {
        assert!(guard.judge(at(text), Scheme::Tls).is_ok(), "{text}");
        assert!(guard.judge(at(text), Scheme::Plain).is_err(), "{text}");
    }
}

#[test]
fn what_is_listed_is_reached_and_nothing_beside_it() {
    let guard = Guard::new(Cidr::LOOPBACK.to_vec());
    for text in ["127.0.0.1", "127.9.9.9", "::1"] {
        assert!(guard.judge(at(text), Scheme::Plain).is_ok(), "{text}");
        assert!(guard.judge(at(text), Scheme::Tls).is_ok(), "{text}");
    }
    for text in [
        "::2",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
    ] {
        assert!(guard.judge(at(text), Scheme::Tls).is_err(), "{text}");
    }
}

#[test]
fn an_address_of_the_open_internet_is_barred_for_want_of_tls_alone() {
    let guard = Guard::new(Vec::new());
    let open = "93.184.215.14".parse().unwrap();
    let private = "10.0.0.1".parse().unwrap();
    assert_eq!(guard.judge(open, Scheme::Plain), Err(Barred::NeedsTls));
    for scheme in [Scheme::Plain, Scheme::Tls] {
        assert_eq!(guard.judge(private, scheme), Err(Barred::NotAllowed));
    }
}
