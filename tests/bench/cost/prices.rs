//! List prices in us-east-1, in USD, without any free tier. The region's price list could not be read from where this
//! was written: each line says who repeats it, and when that was looked up.

/// A price.
pub(crate) struct Price {
    pub(crate) name: &'static str,
    pub(crate) usd: f64,
    /// Where the figure was found.
    pub(crate) source: &'static str,
    /// When it was looked up.
    pub(crate) seen: &'static str,
}

/// All prices.
pub(crate) const PRICES: [Price; 12] = [
    // On demand: a write of 1 KB, a consistent read of 4 KB. A write in a transaction counts twice.
    Price {
        name: "DynamoDB write",
        usd: 0.625e-6,
        source: "https://airbyte.com/data-engineering-resources/dynamodb-pricing",
        seen: SEEN,
    },
    Price {
        name: "DynamoDB read",
        usd: 0.125e-6,
        source: "https://airbyte.com/data-engineering-resources/dynamodb-pricing",
        seen: SEEN,
    },
    Price {
        name: "DynamoDB GB-month",
        usd: 0.25,
        source: "https://aws.amazon.com/dynamodb/pricing/",
        seen: SEEN,
    },
    Price { name: "S3 PUT", usd: 5e-6, source: "https://c3x.dev/blog/s3-request-fees-explained", seen: SEEN },
    Price {
        name: "S3 GET",
        usd: 0.4e-6,
        source: "https://c3x.dev/blog/s3-request-fees-explained",
        seen: SEEN,
    },
    Price {
        name: "S3 GB-month",
        usd: 0.023,
        source: "https://gist.github.com/bahrmichael/94e01d26dc21b9b7156d7d27b1b9e16e",
        seen: SEEN,
    },
    Price {
        name: "Lambda request",
        usd: 0.2e-6,
        source: "https://cloudchipr.com/blog/aws-lambda-pricing",
        seen: SEEN,
    },
    Price {
        name: "Lambda GB-second, arm64",
        usd: 0.000_013_333_4,
        source: "https://cloudchipr.com/blog/aws-lambda-pricing",
        seen: SEEN,
    },
    // For each 512 KB begun.
    Price {
        name: "HTTP API request",
        usd: 1e-6,
        source: "https://docs.aws.amazon.com/pt_br/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html",
        seen: SEEN,
    },
    Price {
        name: "AppConfig request",
        usd: 0.2e-6,
        source: "https://repost.aws/questions/QUevHYubJ-TESBPlUxRyujmg/i-want-to-understand-aws-appconfig-pricing-model",
        seen: SEEN,
    },
    Price {
        name: "AppConfig received",
        usd: 800e-6,
        source: "https://repost.aws/questions/QUevHYubJ-TESBPlUxRyujmg/i-want-to-understand-aws-appconfig-pricing-model",
        seen: SEEN,
    },
    Price {
        name: "S3 LIST",
        usd: 5e-6,
        source: "https://c3x.dev/blog/s3-request-fees-explained",
        seen: SEEN,
    },
];

const SEEN: &str = "2026-11-24";

/// A price by its name.
pub(crate) fn price(name: &str) -> f64 {
    PRICES.iter().find(|price| price.name == name).map(|price| price.usd).unwrap()
}
