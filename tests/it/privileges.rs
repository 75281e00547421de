//! What every function asks of AWS when it starts, for the record that `tests/privileges.sh` makes.

use crate::support::Stack;
use crate::support::privileges::within;

#[tokio::test]
async fn every_function_opens_its_connections_by_one_get_and_one_head() {
    let functions = [
        "working",
        "snapshot",
        "history",
        "restore",
        "publish",
        "live",
        "backup",
        "backup-tick",
        "backup-worker",
    ];
    let stack = Stack::start().await;
    for function in functions {
        within(function, async {
            tokio::join!(stack.waymark.history.warm_up(), stack.waymark.configs.warm_up())
        })
        .await;
        assert_eq!(stack.calls.take(), ["DynamoDB.GetItem", "S3.HeadObject"]);
    }
}
