use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// The names in their subjects.
const OF_AMAZON: [&[u8]; 2] = [b"Amazon Root CA ", b"Starfield Services Root Certificate Authority - G2"];

#[test]
fn the_roots_are_those_of_amazon_that_mozilla_trusts() {
    let mut ours: Vec<Vec<u8>> = ROOTS
        .split("-----BEGIN CERTIFICATE-----\n")
        .skip(1)
        .map(|text| {
            let (lines, _) = text.split_once("-----END CERTIFICATE-----").unwrap();
            STANDARD.decode(lines.replace('\n', "")).unwrap()
        })
        .collect();
    let mut theirs: Vec<Vec<u8>> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| der.to_vec())
        .filter(|der| OF_AMAZON.iter().any(|name| der.windows(name.len()).any(|part| part == *name)))
        .collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours.len(), 5);
    assert!(ours == theirs, "the roots of Amazon are others now: write them to aws/roots.pem");
    https_client().unwrap();
}

/// An engine's `Date` stands still while the clock is set back. Signed by that, a request is 20 minutes ahead and refused.
#[test]
fn engines_on_this_machine_do_not_correct_the_clock() {
    let clients = local_clients("http://127.0.0.1:1", "http://127.0.0.1:2", "a", "b");
    assert_eq!(clients.s3.config().disable_clock_skew_correction(), Some(true));
    assert_eq!(clients.dynamodb.config().disable_clock_skew_correction(), Some(true));
    // In an account it helps against a clock that is wrong.
    let elsewhere = Clients::new(&local_sdk_config("a", "b"));
    assert_ne!(elsewhere.s3.config().disable_clock_skew_correction(), Some(true));
}
