//! Receiving within a limit of tokio's. Within one process: the clock that the test moves is the caller's.

use std::time::Duration;

use super::{Sends, channel};
use crate::adapter::on_paused_clock;

#[test]
fn recv_with_a_time_limit_loses_nothing_when_it_runs_out() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let limit = Duration::from_secs(60);
        tokio::time::timeout(limit, rx.recv()).await.unwrap_err();
        tokio::spawn(async move {
            tokio::time::sleep(limit / 2).await;
            tx.send_in_task(1).await
        });
        assert_eq!(tokio::time::timeout(limit, rx.recv()).await, Ok(Some(1)));
        assert_eq!(tokio::time::timeout(limit, rx.recv()).await, Ok(None));
    });
}
