//! Receipts: what is signed can be checked, and nothing that was changed is believed.

use kulti_protocol::{api::*, receipt::*};
use proptest::prelude::*;
use serde_json::{Value, json};

fn key(seed: u8) -> ReceiptKey {
    ReceiptKey::from_seed(&[seed; SEED_BYTES]).unwrap()
}

fn body() -> ReceiptBody {
    let entry = |id: &str, amount| Transaction {
        id: id.into(),
        amount,
        kind: "watching".into(),
        session_id: Some("s-1".into()),
        created_at: 9_000,
    };
    let entries = vec![entry("1", 3), entry("2", 4)];
    ReceiptBody {
        version: VERSION,
        user: User {
            id: "u-1".into(),
            display_name: "Ann \"\u{7f}\" 安".into(),
        },
        session_id: "s-1".into(),
        title: "Rust".into(),
        host_name: "Grace".into(),
        role: "viewer".into(),
        started_at: 1_000,
        ended_at: 8_000,
        intervals: vec![[1_500, 2_000], [3_000, 8_000]],
        active_ms: 5_500,
        credits: 7,
        entries_sha256: entries_sha256(&entries).unwrap(),
        entries,
        issued_at: 10_000,
    }
}

fn check(signed: &SignedReceipt) -> Result<ReceiptBody, ReceiptError> {
    verify(signed, &key(1).published().public_key)
}

/// A receipt that the server did sign, though it says this.
fn signed(change: impl FnOnce(&mut ReceiptBody)) -> Result<ReceiptBody, ReceiptError> {
    let mut body = body();
    change(&mut body);
    check(&key(1).sign(&body).unwrap())
}

#[test]
fn what_was_signed_is_good() {
    let signed = key(1).sign(&body()).unwrap();
    assert_eq!(check(&signed), Ok(body()));
    // As a file that was printed prettily, with its members in another order.
    let text = serde_json::to_string_pretty(&signed).unwrap();
    let read: SignedReceipt = serde_json::from_str(&text).unwrap();
    assert_eq!(check(&read), Ok(body()));
}

#[test]
fn a_key_of_ones_own_proves_nothing_about_the_server() {
    let forged = key(2).sign(&body()).unwrap();
    assert_eq!(check(&forged), Err(ReceiptError::OtherKey));
    assert_eq!(verify_integrity(&forged), Ok(body()));
    let mut claimed = forged;
    claimed.signature.public_key = key(1).published().public_key;
    assert_eq!(check(&claimed), Err(ReceiptError::BadSignature));
}

#[test]
fn a_receipt_must_agree_with_itself() {
    assert_eq!(
        signed(|body| body.active_ms += 1),
        Err(ReceiptError::WrongTime {
            found: 5_500,
            said: 5_501
        })
    );
    assert_eq!(
        signed(|body| body.credits = 70),
        Err(ReceiptError::WrongCredits { found: 7, said: 70 })
    );
    assert_eq!(
        signed(|body| body.entries[0].amount = 4),
        Err(ReceiptError::BadEntriesHash)
    );
    assert_eq!(
        signed(|body| body.version = 2),
        Err(ReceiptError::UnknownKind)
    );
    for intervals in [
        vec![[3_000, 8_000], [1_500, 2_000]],
        vec![[1_500, 3_000], [2_000, 6_000]],
        vec![[999, 6_499]],
        vec![[2_501, 8_001]],
        vec![[8_000, 2_500]],
        vec![[-5_500, 0]],
        vec![[-9_000_000_000, 9_000_000_000]],
    ] {
        let found = signed(|body| body.intervals.clone_from(&intervals));
        assert_eq!(found, Err(ReceiptError::BadIntervals), "{intervals:?}");
    }
    let foreign = signed(|body| {
        body.entries[1].session_id = None;
        body.entries_sha256 = entries_sha256(&body.entries).unwrap();
    });
    assert_eq!(foreign, Err(ReceiptError::ForeignEntry));
}

#[test]
fn another_algorithm_is_not_guessed() {
    let mut signed = key(1).sign(&body()).unwrap();
    signed.signature.algorithm = "none".into();
    assert_eq!(check(&signed), Err(ReceiptError::UnknownKind));
    assert_eq!(verify(&signed, "x"), Err(ReceiptError::BadKey));
    assert!(ReceiptKey::from_seed(&[1; 31]).is_err());
}

/// Every place in a JSON value, as a path.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, &format!("{at}/{name}"), into);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                places(value, &format!("{at}/{index}"), into);
            }
        }
        _ => into.push(at.to_owned()),
    }
}

#[test]
fn no_value_can_be_changed() {
    let signed = key(1).sign(&body()).unwrap();
    let mut all = Vec::new();
    places(&signed.receipt, "", &mut all);
    assert!(all.len() > 20);
    for place in all {
        let mut forged = signed.clone();
        let value = forged.receipt.pointer_mut(&place).unwrap();
        *value = match &*value {
            Value::Number(number) => json!(number.as_i64().unwrap() + 1),
            other => json!(format!("{other}!")),
        };
        assert_eq!(check(&forged), Err(ReceiptError::BadSignature), "{place}");
    }
    let mut more = signed;
    more.receipt["more"] = json!(0.5);
    assert!(matches!(check(&more), Err(ReceiptError::NotCanonical(_))));
}

proptest! {
    /// Any bit of the signature matters, and none makes the check panic.
    #[test]
    fn no_bit_of_the_signature_can_be_changed(at in 0usize..86, to in "[A-Za-z0-9+/=]") {
        let mut signed = key(1).sign(&body()).unwrap();
        let value = &mut signed.signature.value;
        let was = value.clone();
        value.replace_range(at..=at, &to);
        if *value != was {
            // The last character of base64 holds bits that are no part of the signature.
            prop_assert!(check(&signed).is_err());
        }
    }
}
