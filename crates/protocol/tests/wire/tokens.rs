//! HMS auth tokens: who gets in, and what the official SDK can decode.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kulti_protocol::token::{
    CLOCK_LEEWAY_S, HmsKeys, MAX_TOKEN_BYTES, TokenClaims, TokenError, read_unverified, verify,
    verify_ignoring_expiry,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

const NOW: u64 = 1_795_329_189;

fn keys() -> HmsKeys {
    HmsKeys {
        access_key: "64f1c0de".into(),
        secret: "a secret of the app".into(),
    }
}

fn claims() -> TokenClaims {
    TokenClaims::new("room-1", "user-7", "viewer", "jti-1", NOW, 3_600)
}

/// A token made by hand, as another minter would.
fn minted(header: &Value, payload: &Value, keys: &HmsKeys) -> String {
    let part = |json: &Value| BASE64.encode(json.to_string());
    let message = format!("{}.{}", part(header), part(payload));
    let mut mac = Hmac::<Sha256>::new_from_slice(keys.secret.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

fn hs256() -> Value {
    json!({"alg": "HS256", "typ": "JWT"})
}

fn payload() -> Value {
    json!({
        "access_key": "64f1c0de", "type": "app", "version": 2, "room_id": "room-1",
        "user_id": "user-7", "role": "viewer", "iat": NOW, "nbf": NOW, "exp": NOW + 3_600,
        "jti": "jti-1"
    })
}

/// A token with one claim changed (or, with `null`, left out).
fn changed(claim: &str, value: Value) -> String {
    let mut payload = payload();
    payload[claim] = value;
    minted(&hs256(), &payload, &keys())
}

#[test]
fn a_token_says_what_was_signed() {
    let mut claims = claims();
    claims.name = Some("Ann Łukasz 安 👋".into());
    let token = claims.clone().sign(&keys()).unwrap();
    claims.access_key = keys().access_key;
    assert_eq!(verify(&token, &keys(), NOW), Ok(claims.clone()));
    assert_eq!(read_unverified(&token), Ok(claims));
}

#[test]
fn tokens_of_other_minters_are_understood() {
    let other = minted(&hs256(), &payload(), &keys());
    assert_eq!(verify(&other, &keys(), NOW).unwrap().user_id, "user-7");
    let unknown_claim = changed("sub", json!({"a": 1}));
    assert!(verify(&unknown_claim, &keys(), NOW).is_ok());
    let seconds_of_javascript = changed("iat", json!(1_795_329_189.25));
    assert_eq!(
        verify(&seconds_of_javascript, &keys(), NOW).unwrap().iat,
        NOW
    );
    for optional in ["iat", "nbf", "jti"] {
        assert!(
            verify(&changed(optional, Value::Null), &keys(), NOW).is_ok(),
            "{optional}"
        );
    }
}

#[test]
fn a_token_is_good_from_nbf_to_exp_with_some_leeway() {
    let token = claims().sign(&keys()).unwrap();
    let outcome = |now| verify(&token, &keys(), now).map(|_| ());
    assert_eq!(
        outcome(NOW - CLOCK_LEEWAY_S - 1),
        Err(TokenError::NotYetValid)
    );
    assert_eq!(outcome(NOW - CLOCK_LEEWAY_S), Ok(()));
    let end = NOW + 3_600 + CLOCK_LEEWAY_S;
    assert_eq!(outcome(end - 1), Ok(()));
    assert_eq!(outcome(end), Err(TokenError::Expired));
    assert_eq!(outcome(u64::MAX), Err(TokenError::Expired));
}

#[test]
fn a_peer_in_its_grace_may_come_back_with_an_expired_token_only() {
    let token = claims().sign(&keys()).unwrap();
    let late = NOW + 1_000_000;
    assert!(verify_ignoring_expiry(&token, &keys(), late).is_ok());
    assert_eq!(
        verify_ignoring_expiry(&token, &keys(), NOW - 1_000),
        Err(TokenError::NotYetValid)
    );
    let forged = HmsKeys {
        secret: "another".into(),
        ..keys()
    };
    let forged = claims().sign(&forged).unwrap();
    assert_eq!(
        verify_ignoring_expiry(&forged, &keys(), late),
        Err(TokenError::Signature)
    );
}

#[test]
fn a_token_without_an_end_has_expired() {
    assert_eq!(
        verify(&changed("exp", Value::Null), &keys(), NOW),
        Err(TokenError::Expired)
    );
}

#[test]
fn every_refusal_has_its_reason() {
    let refused = |token: &str| verify(token, &keys(), NOW).unwrap_err();
    let with_header = |header: Value| minted(&header, &payload(), &keys());
    assert_eq!(
        refused(&with_header(json!({"alg": "none"}))),
        TokenError::Algorithm
    );
    assert_eq!(
        refused(&with_header(json!({"alg": "HS512"}))),
        TokenError::Algorithm
    );
    assert_eq!(
        refused(&with_header(json!({"alg": "hs256"}))),
        TokenError::Algorithm
    );
    assert_eq!(
        refused(&with_header(json!({"typ": "JWT"}))),
        TokenError::Malformed
    );
    assert_eq!(
        refused(&changed("access_key", json!("other"))),
        TokenError::AccessKey
    );
    assert_eq!(
        refused(&changed("type", json!("management"))),
        TokenError::Kind
    );
    assert_eq!(refused(&changed("version", json!(1))), TokenError::Kind);
    for claim in ["room_id", "user_id", "role"] {
        assert_eq!(refused(&changed(claim, json!(""))), TokenError::Incomplete);
        assert_eq!(refused(&changed(claim, Value::Null)), TokenError::Malformed);
        assert_eq!(refused(&changed(claim, json!(7))), TokenError::Malformed);
    }
}

#[test]
fn without_the_secret_nothing_is_believed() {
    let other = HmsKeys {
        secret: "another".into(),
        ..keys()
    };
    let token = claims().sign(&other).unwrap();
    assert_eq!(verify(&token, &keys(), NOW), Err(TokenError::Signature));

    let good = claims().sign(&keys()).unwrap();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let mut host = payload();
    host["role"] = json!("host");
    let raised = format!("{header}.{}.{signature}", BASE64.encode(host.to_string()));
    assert_eq!(verify(&raised, &keys(), NOW), Err(TokenError::Signature));
    // An empty or shortened signature is none.
    for cut in [0, 1, 10, signature.len() - 2] {
        let short = format!("{message}.{}", &signature[..cut]);
        assert!(verify(&short, &keys(), NOW).is_err(), "{cut}");
    }
    // The reason for an expired forgery is the forgery.
    assert_eq!(
        verify(&token, &keys(), u64::MAX),
        Err(TokenError::Signature)
    );
}

#[test]
fn what_is_no_jwt_is_malformed() {
    let good = claims().sign(&keys()).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let long = format!("{good}{}", "A".repeat(MAX_TOKEN_BYTES));
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "é.é.é",
        parts[0],
        &format!("{}.{}", parts[0], parts[1]),
        &format!("{good}.{}", parts[2]),
        &format!("!!.{}.{}", parts[1], parts[2]),
        &format!("{}.{}.!!", parts[0], parts[1]),
        &format!("{good}="),
        &format!(" {good}"),
        &long,
    ] {
        assert_eq!(
            verify(text, &keys(), NOW),
            Err(TokenError::Malformed),
            "{text}"
        );
    }
    for text in ["", "a.b", "a.b.c", "a.b.c.d", &long] {
        assert_eq!(read_unverified(text), Err(TokenError::Malformed), "{text}");
    }
}

#[test]
fn secrets_stay_out_of_debug_output() {
    assert!(!format!("{:?}", keys()).contains("secret of the app"));
}

proptest! {
    /// The official SDK reads the payload with `atob`, which knows neither `-` nor
    /// `_`, and takes each byte for a character.
    #[test]
    fn the_sdk_can_decode_every_token(
        room in "[~>?\u{7f}\\PC]{1,12}",
        user in "[~>?a-z]{1,12}",
        name in "(\\PC|[\u{0}-\u{1f}\u{7f}\\\\\"]){0,12}",
        ttl in any::<u64>(),
    ) {
        let mut claims = TokenClaims::new(&room, &user, "viewer", "jti", NOW, ttl);
        claims.name = Some(name);
        let token = claims.clone().sign(&keys()).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        prop_assert!(!payload.contains(['-', '_']), "{}", payload);
        prop_assert!(BASE64.decode(payload).unwrap().is_ascii());

        claims.access_key = keys().access_key;
        prop_assert_eq!(read_unverified(&token), Ok(claims.clone()));
        if ttl > 0 {
            prop_assert_eq!(verify(&token, &keys(), NOW), Ok(claims));
        }
    }
}
