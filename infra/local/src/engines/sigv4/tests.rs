use http::Request;
use http::header::HOST;

use super::*;

const NOW: Duration = Duration::from_secs(1_764_201_600);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + NOW
}

fn credentials() -> Credentials {
    Credentials { access_key: "waymark-local".to_owned(), secret_key: "secret".to_owned() }
}

/// What a request is signed with, and for.
struct Signing {
    credentials: Credentials,
    service: &'static str,
    time: SystemTime,
    headers: Vec<(&'static str, &'static str)>,
}

impl Signing {
    fn right() -> Self {
        let headers = vec![("host", "127.0.0.1:4000"), ("x-amz-target", "DynamoDB_20120810.GetItem")];
        Self { credentials: credentials(), service: "dynamodb", time: now(), headers }
    }

    /// A request as a client of this signing sends it.
    fn request(&self, body: &str) -> Parts {
        let Credentials { access_key, secret_key } = &self.credentials;
        let identity = Signer::new(access_key, secret_key, None, None, "test").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(self.service)
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let body = SignableBody::Bytes(body.as_bytes());
        let signable =
            SignableRequest::new("POST", "http://127.0.0.1:4000/", self.headers.iter().copied(), body);
        let (instructions, _) = sign(signable.unwrap(), &params).unwrap().into_parts();
        let request = Request::post("/").header(HOST, "127.0.0.1:4000");
        let request = request.header("x-amz-target", "DynamoDB_20120810.GetItem");
        let request =
            instructions.headers().fold(request, |request, (name, value)| request.header(name, value));
        request.body(()).unwrap().into_parts().0
    }
}

fn verdict(parts: &Parts, body: &str) -> Result<(), Refused> {
    Claim::of(parts, "dynamodb", &credentials(), now())?.check(parts, body.as_bytes(), &credentials())
}

#[test]
fn the_right_signature_is_accepted() {
    assert_eq!(verdict(&Signing::right().request("{}"), "{}"), Ok(()));
    for minutes in [0, 14, 15] {
        let skew = Duration::from_secs(60 * minutes);
        for time in [now() - skew, now() + skew] {
            assert_eq!(
                verdict(&Signing { time, ..Signing::right() }.request("{}"), "{}"),
                Ok(()),
                "{minutes}"
            );
        }
    }
}

#[test]
fn any_other_is_refused() {
    let right = Signing::right;
    let secret = Credentials { secret_key: "another".to_owned(), ..credentials() };
    let key = Credentials { access_key: "another".to_owned(), ..credentials() };
    let late = Duration::from_secs(15 * 60 + 1);
    let cases = [
        ("another secret", Signing { credentials: secret, ..right() }, Refused::Mismatch),
        ("another key", Signing { credentials: key, ..right() }, Refused::UnknownKey),
        ("another service", Signing { service: "s3", ..right() }, Refused::Malformed),
        ("stale", Signing { time: now() - late, ..right() }, Refused::Stale),
        ("ahead of time", Signing { time: now() + late, ..right() }, Refused::Stale),
        (
            "without the operation",
            Signing { headers: vec![("host", "127.0.0.1:4000")], ..right() },
            Refused::Malformed,
        ),
    ];
    for (name, signing, refused) in cases {
        assert_eq!(verdict(&signing.request("{}"), "{}"), Err(refused), "{name}");
    }
}

#[test]
fn what_was_altered_on_the_way_is_refused() {
    let sent = Signing::right().request("{}");
    assert_eq!(verdict(&sent, "{ }"), Err(Refused::Mismatch), "the body");
    let altered = |name: &'static str, value: &str| {
        let mut parts = sent.clone();
        parts.headers.insert(name, value.parse().unwrap());
        verdict(&parts, "{}")
    };
    assert_eq!(altered("host", "127.0.0.1:4001"), Err(Refused::Mismatch));
    assert_eq!(altered("x-amz-target", "DynamoDB_20120810.DeleteItem"), Err(Refused::Mismatch));
    assert_eq!(altered("x-amz-date", "20251127T000001Z"), Err(Refused::Mismatch));
    let mut twice = sent.clone();
    twice.headers.append("x-amz-target", "DynamoDB_20120810.DeleteItem".parse().unwrap());
    assert_eq!(verdict(&twice, "{}"), Err(Refused::Malformed));
    let mut elsewhere = sent.clone();
    elsewhere.uri = "/?x=1".parse().unwrap();
    assert_eq!(verdict(&elsewhere, "{}"), Err(Refused::Mismatch));
}

#[test]
fn what_is_no_signature_is_refused() {
    let sent = Signing::right().request("{}");
    let whole = sent.headers[AUTHORIZATION].to_str().unwrap().to_owned();
    let mut unsigned = sent.clone();
    unsigned.headers.remove(AUTHORIZATION);
    assert_eq!(verdict(&unsigned, "{}"), Err(Refused::Unsigned));
    let (head, signature) = whole.rsplit_once('=').unwrap();
    let cases = [
        ("Bearer token".to_owned(), Refused::Unsigned),
        (SCHEME.to_owned(), Refused::Malformed),
        (format!("{SCHEME}Credential=waymark-local, SignedHeaders=host, Signature=0"), Refused::Malformed),
        (format!("{head}={}", "0".repeat(64)), Refused::Mismatch),
        (format!("{head}="), Refused::Mismatch),
        (format!("{head}={}", signature.split_at(63).0), Refused::Mismatch),
        (whole.replace("us-east-1", "eu-west-1"), Refused::Mismatch),
        (whole.replace("/dynamodb/", "/dynamodb/more/"), Refused::Malformed),
    ];
    for (header, refused) in cases {
        let mut parts = sent.clone();
        parts.headers.insert(AUTHORIZATION, header.parse().unwrap());
        assert_eq!(verdict(&parts, "{}"), Err(refused), "{header}");
    }
}
