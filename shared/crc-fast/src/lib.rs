//! What the AWS SDK for S3 (through `aws-smithy-checksums`) and the local S3 engine (`s3s`) call of
//! [crc-fast](https://docs.rs/crc-fast) 1: [`Digest::new`], [`Digest::update`] and [`Digest::finalize`], for the three checksums
//! that S3 knows. Should one of the two call more after an update, the build fails here.
//!
//! crc-fast chooses among 49 checksums when it runs, so the tables of all of them, 0.66 MB, were in each function, and Lambda
//! loads every byte at a cold start. CRC-32, which the SDK computes for each object that it puts, is `crc32fast`'s, with the
//! processor's own instructions; the two others, which only a caller who asks for them gets, are from small tables.

use std::fmt;

use crc::{CRC_32_ISCSI, CRC_64_NVME, Crc, Table};

/// What S3 calls CRC32C.
static ISCSI: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);

/// What S3 calls CRC64NVME.
static NVME: Crc<u64, Table<1>> = Crc::<u64, Table<1>>::new(&CRC_64_NVME);

/// A checksum, by crc-fast's name. The parameters are those of the
/// [catalogue of CRC algorithms](https://reveng.sourceforge.io/crc-catalogue/all.htm).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32 as zlib has it; S3's CRC32.
    Crc32IsoHdlc,
    /// S3's CRC32C.
    Crc32Iscsi,
    /// S3's CRC64NVME.
    Crc64Nvme,
}

/// A checksum being computed.
#[derive(Clone)]
pub struct Digest(State);

#[derive(Clone)]
enum State {
    IsoHdlc(crc32fast::Hasher),
    Iscsi(crc::Digest<'static, u32, Table<1>>),
    Nvme(crc::Digest<'static, u64, Table<1>>),
}

impl Digest {
    /// The checksum of nothing yet.
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::IsoHdlc(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => State::Iscsi(ISCSI.digest()),
            CrcAlgorithm::Crc64Nvme => State::Nvme(NVME.digest()),
        })
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::IsoHdlc(hasher) => hasher.update(bytes),
            State::Iscsi(digest) => digest.update(bytes),
            State::Nvme(digest) => digest.update(bytes),
        }
    }

    /// The checksum of all bytes so far; one of 32 bits is in the lower half.
    pub fn finalize(&self) -> u64 {
        match &self.0 {
            State::IsoHdlc(hasher) => u64::from(hasher.clone().finalize()),
            State::Iscsi(digest) => u64::from(digest.clone().finalize()),
            State::Nvme(digest) => digest.clone().finalize(),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.0 {
            State::IsoHdlc(_) => CrcAlgorithm::Crc32IsoHdlc,
            State::Iscsi(_) => CrcAlgorithm::Crc32Iscsi,
            State::Nvme(_) => CrcAlgorithm::Crc64Nvme,
        };
        f.debug_tuple("Digest").field(&algorithm).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [CrcAlgorithm; 3] =
        [CrcAlgorithm::Crc32IsoHdlc, CrcAlgorithm::Crc32Iscsi, CrcAlgorithm::Crc64Nvme];

    fn checksum(algorithm: CrcAlgorithm, parts: &[&[u8]]) -> u64 {
        let mut digest = Digest::new(algorithm);
        for part in parts {
            digest.update(part);
        }
        digest.finalize()
    }

    /// The catalogue gives each algorithm's checksum of these nine bytes; that of nothing is 0 for all three.
    #[test]
    fn the_checksums_are_those_of_the_catalogue() {
        let expected = [0xcbf4_3926, 0xe306_9283, 0xae8b_1486_0a79_9888];
        assert_eq!(ALL.map(|algorithm| checksum(algorithm, &[b"123456789"])), expected);
        assert_eq!(ALL.map(|algorithm| checksum(algorithm, &[])), [0; 3]);
    }

    proptest! {
        /// Bit by bit, from the definition: long inputs take other ways through `crc32fast` than short ones.
        #[test]
        fn any_bytes_in_any_parts_have_the_checksum_of_the_definition(
            bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
            cut in any::<proptest::sample::Index>(),
        ) {
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            // Width and polynomial, its bits reversed; all three start with ones and end inverted.
            let definitions = [(32, 0xedb8_8320), (32, 0x82f6_3b78), (64, 0x9a6c_9329_ac4b_c9b5_u64)];
            for (algorithm, (width, polynomial)) in ALL.into_iter().zip(definitions) {
                let ones = u64::MAX >> (64 - width);
                let remainder = bytes.iter().fold(ones, |remainder, byte| {
                    (0..8).fold(remainder ^ u64::from(*byte), |r, _| (r >> 1) ^ if r & 1 == 1 { polynomial } else { 0 })
                });
                prop_assert_eq!(checksum(algorithm, &[first, second]), remainder ^ ones);
            }
        }
    }
}
