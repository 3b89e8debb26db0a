//! RSA, for which no key can be made here: vectors made once with OpenSSL 3 (`genrsa`, `dgst -sha256 -sign`, for PS256
//! with a salt of 32 bytes); the private keys are gone.

use openidconnect::{JsonWebKeySet, core::CoreJsonWebKey};
use serde_json::json;

use super::{allowed, signed_claims};
use crate::login::{LoginError, config::SigningAlgorithm, provider::usable};

const MODULUS: &str = "nQuabcF2P76d1NnDo9r9DLN_Mh3DqsSpaCea80zm1iAkVWoesmYd9Frb_75Yb-2dGdkMMT0HBgOc6pCB5sgyD_uqGJsHDcnfCRLH4FSZ4UBmPq5OPYZsGf9_hZWSbyGBIjGoE7rRb-QRBgy7gC_Cr2sJr42tlFQooYnu7qwEZN0XBsvYfvlFzplWGW2rp23Q0QtwEpV1lZCA7kJrKlqc-KQlFIBJSJu_F-bGyzUPmJDcVE5EpYI1GUAhi2tWaQwtw71rf1B-BxfKLzwGq9tRFAsnIsHbzgYR75kLsldBIxNDIEH-Cvqr9k49gRKQRP4na3VFFyNU9vJ4M0HIwQzkrQ";
const MODULUS_1024: &str = "pbSfNuRm-uKYJW12Z0GRVaQUJCqg0kybvQFwCu3ycKDyUih-eIYdDsh6eW1P9GVvmKlw_c74yklxcd2FCsMxQzQBZTd9KNobvFJn5YAiewcFO7qExYJcmWmFKbvD-6oIw_qMH_70vDwWz6b9pA66zwwwas7u7DIGERueM6w8ZCE";
const PS256: &str = "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJzLTEifQ.FmR3UnixkZcm-CJHMo1_91FJkzSEY46wcBRpBMLTQDqCkoNdfCXDwX1kj1Kw-luZEf3CDshw-RFI9r1LmMWR_gv3AC5kNI47mHLFHGPQ2TWc6L8_7IQITMe_0U4CVnJrC6sV___m7BBiWJGWtrPLg8CT-GPoeawgmwlsODtCnKBBLHcSIdzsyKXenXPA2nUZiE0JBeJJmU-z4h5SwN0ZGbB8qOqyYvluH1leTG-6fQKWjNCOHIpbB1itdUpgTsFw332HhmNakOLv6apLx4bFhb4GnwfZNkFKHsX0eYFGEDM0O0MRI9CZW2sErvyOFXMoXSgkxacWwfrhlum6OS6ZiA";
const RS256: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJzLTEifQ.N4HbsXAUcxbzdZWS6irBJNRgMYLv84nNt5zrUH3SkVLonScy_gQiTSgCJbalIOGIbkasU7AFOQuUJ8tUThIKzn1pmrEmzg6V4F8OiJilrZZeRdYNoQUaRe97gUr_lDb3w91CFDddA8qhf3cRfSud6GyZ7-cQ4oYDUdlLnhaIRVVXKimytxHCKnFjdd4papA0GvOSVGYxODUT-jvRhlYaazipK28inYiiqQTSgbisUa7AGqJNLNkoNRsCDwPULeF9-qZWQMEbe2JQdyhXmcuIKq8iUbv1ZBkuExZvA5q_Sxnh8IlYG1QncFryauzIobys1mjINOAP7RfCnZsA9Q13pw";
const PS256_1024: &str = "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJzLTEifQ.H24KZ3I1Vva0jE9RGf0JayBaQmZpQQrO9FKbE_845MGvCf0vdz7B5ov3_r7yz9ysP-BvRXty9-PdDfhqAFwHusrb8xU98keg-WowQUvHEC8RYWgl4AebVFZ6Kfk5g3BDfuIKiVBvwUtfTjhFkEvkDIG3Hg0XSZnNoUZuVDnAT5Y";

fn keys(modulus: &str) -> JsonWebKeySet<CoreJsonWebKey> {
    serde_json::from_value(json!({"keys": [{"kty": "RSA", "kid": "rsa", "n": modulus, "e": "AQAB"}]}))
        .unwrap()
}

#[test]
fn ps256_verifies_and_rs256_only_when_it_is_listed() {
    use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
    let keys = usable(&keys(MODULUS));
    let by_default = allowed(&[Es256, Ps256, EdDsa]);
    assert_eq!(signed_claims(&keys, &by_default, PS256).unwrap().1["sub"], "s-1");
    assert_eq!(signed_claims(&keys, &by_default, RS256).unwrap_err(), LoginError::AlgorithmNotAllowed);
    assert!(signed_claims(&keys, &allowed(&[Rs256]), RS256).is_ok());
    // A PKCS #1 signature does not pass for a PSS one under a changed header.
    let (_, rest) = RS256.split_once('.').unwrap();
    let (header, _) = PS256.split_once('.').unwrap();
    assert_eq!(
        signed_claims(&keys, &by_default, &format!("{header}.{rest}")).unwrap_err(),
        LoginError::BadSignature
    );
}

#[test]
fn an_rsa_key_under_2048_bits_is_not_a_key() {
    let all = allowed(&[SigningAlgorithm::Ps256]);
    assert!(signed_claims(&keys(MODULUS_1024), &all, PS256_1024).is_ok());
    assert_eq!(
        signed_claims(&usable(&keys(MODULUS_1024)), &all, PS256_1024).unwrap_err(),
        LoginError::UnknownKey
    );
}

#[test]
fn a_symmetric_key_in_a_key_set_is_not_a_key() {
    let keys: JsonWebKeySet<CoreJsonWebKey> =
        serde_json::from_value(json!({"keys": [{"kty": "oct", "k": "AAAA"}]})).unwrap();
    assert!(usable(&keys).keys().is_empty());
}

#[test]
fn claims_in_which_a_member_stands_twice_are_refused() {
    let jwt = |payload: &str| {
        format!(
            "e30.{}.e30",
            base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload)
        )
    };
    assert!(super::claims(&jwt("{\"sub\":\"a\",\"id\":\"b\"}")).is_ok());
    assert_eq!(super::claims(&jwt("{\"id\":\"a\",\"id\":\"b\"}")).unwrap_err(), LoginError::TokenMalformed);
}
