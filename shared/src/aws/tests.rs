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
