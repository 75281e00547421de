use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::json;

use super::*;

const SECRET: [u8; 32] = [7; 32];

fn now() -> Timestamp {
    "2026-05-04T12:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn token() -> NewToken {
    NewToken {
        subject: "ada".to_owned(),
        name: Some("Ada".to_owned()),
        grants: vec!["crm/*:editor".to_owned(), "hr/*:viewer".to_owned()],
        lifetime: SignedDuration::from_hours(1),
    }
}

/// A token made by hand, so that it may say anything.
fn forged(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes())))
}

fn good_claims() -> Value {
    let second = now().as_second();
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": second, "exp": second + 60})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good_claims();
    claims[name] = value;
    claims
}

fn verdict(token: &str) -> Result<Map<String, Value>, Refused> {
    TokenKey::from_secret(&SECRET).verify(token, now())
}

#[test]
fn what_was_issued_is_what_is_read() {
    let key = TokenKey::from_secret(&SECRET);
    let claims = key.verify(&key.issue(&token(), now()).unwrap(), after(60)).unwrap();
    let second = now().as_second();
    let expected = json!({
        "iss": "waymark-local", "aud": "waymark-local", "sub": "ada", "name": "Ada",
        "waymark_grants": ["crm/*:editor", "hr/*:viewer"], "iat": second, "exp": second + 3600,
    });
    assert_eq!(Value::Object(claims), expected);
}

#[test]
fn it_expires_at_its_end_and_not_before() {
    let key = TokenKey::from_secret(&SECRET);
    let token = key.issue(&token(), now()).unwrap();
    assert!(key.verify(&token, after(3599)).is_ok());
    assert_eq!(key.verify(&token, after(3600)), Err(Refused::Expired));
}

#[test]
fn another_secret_is_refused() {
    let token = TokenKey::from_secret(&[8; 32]).issue(&token(), now()).unwrap();
    assert_eq!(verdict(&token), Err(Refused::Signature));
}

#[test]
fn a_changed_claim_is_refused() {
    let token = TokenKey::from_secret(&SECRET).issue(&token(), now()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let changed = URL_SAFE_NO_PAD.encode(with("sub", json!("eve")).to_string());
    assert_eq!(verdict(&format!("{}.{changed}.{}", parts[0], parts[2])), Err(Refused::Signature));
}

#[test]
fn only_hs256_counts() {
    assert!(verdict(&forged(&json!({"alg": "HS256"}), &good_claims(), &SECRET)).is_ok());
    for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256"] {
        let token = forged(&json!({"alg": algorithm, "typ": "JWT"}), &good_claims(), &SECRET);
        assert!(verdict(&token).is_err(), "{algorithm}");
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert!(verdict(&unsigned).is_err(), "{algorithm}, unsigned");
    }
}

#[test]
fn the_claims_that_decide_are_needed_and_checked() {
    let header = json!({"alg": "HS256"});
    let cases = [
        ("iss", json!("https://elsewhere.example"), Refused::Issuer),
        ("aud", json!("other"), Refused::Audience),
        ("nbf", json!(now().as_second() + 60), Refused::NotYet),
        ("iat", json!(now().as_second() + 60), Refused::NotYet),
        ("exp", json!("tomorrow"), Refused::Malformed),
    ];
    for (name, value, refused) in cases {
        let token = forged(&header, &with(name, value), &SECRET);
        assert_eq!(verdict(&token), Err(refused), "{name}");
    }
    for name in ["iss", "aud", "sub", "exp"] {
        let mut claims = good_claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(verdict(&forged(&header, &claims, &SECRET)), Err(Refused::Malformed), "{name}");
    }
}

#[test]
fn rubbish_is_refused_without_a_panic() {
    for text in ["", ".", "..", "a.b.c", "e30.e30.", "\u{0}", "ey.ey.ey.ey"] {
        assert!(verdict(text).is_err(), "{text:?}");
    }
}
