//! What CloudWatch counts from the lines. `tests/template` holds the template's alarms and dashboard against these names.

/// For how long a request or job waited for AWS, in milliseconds.
pub const AWS_TIME: &str = "AwsTime";
/// Answers of 500 and above, and jobs that failed.
pub const FAULTS: &str = "Faults";
/// Requests and jobs that met a process which had just started.
pub const COLD_STARTS: &str = "ColdStarts";
/// Environments whose scheduled backup succeeded.
pub const BACKED_UP: &str = "BackedUp";
/// Backups that were found damaged.
pub const DAMAGED: &str = "Damaged";

/// All of them. None has a dimension: the line's members say which function, app and environment it was.
pub const ALL: [&str; 5] = [AWS_TIME, FAULTS, COLD_STARTS, BACKED_UP, DAMAGED];
