use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::*;

fn lane(threads: usize, bytes: usize, queue: usize) -> Lane {
    Lane::new(threads, bytes, queue, Duration::ZERO)
}

#[tokio::test]
async fn no_more_work_than_threads_and_bytes_is_in_a_lane() {
    let two = lane(2, 10 * 1024, 100 * 1024);
    let first = two.enter(4 * 1024).await.unwrap();
    let _second = two.enter(4 * 1024).await.unwrap();
    assert!(matches!(two.enter(1).await, Err(Error::Busy)), "a third thread");
    drop(first);
    assert!(matches!(two.enter(7 * 1024).await, Err(Error::Busy)), "more bytes than are left");
    assert!(two.enter(6 * 1024).await.is_ok());
}

#[tokio::test]
async fn work_larger_than_its_lane_is_done_alone() {
    let one = lane(8, 1024, 2048);
    let alone = one.enter(usize::MAX).await.unwrap();
    assert!(matches!(one.enter(1).await, Err(Error::Busy)));
    drop(alone);
    assert!(one.enter(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_bounded_in_bytes_too() {
    let busy = Lane::new(1, 1024 * 1024, 4 * 1024, Duration::from_secs(60));
    let _running = busy.enter(2 * 1024).await.unwrap();
    let waiting = busy.enter(2 * 1024);
    let refused = async {
        tokio::task::yield_now().await;
        let began = tokio::time::Instant::now();
        assert!(matches!(busy.enter(1).await, Err(Error::Busy)));
        assert_eq!(began.elapsed(), Duration::ZERO);
    };
    let (waited, ()) = tokio::join!(waiting, refused);
    assert!(matches!(waited, Err(Error::Busy)), "it never came to its turn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_only_worker_answers_others_while_a_config_is_compared() {
    let answered = Arc::new(Notify::new());
    let other = tokio::spawn({
        let answered = Arc::clone(&answered);
        async move { answered.notified().await }
    });
    let (sender, receiver) = std::sync::mpsc::channel();
    let heavy = tokio::spawn(async move {
        // It ends only once another task of the same worker has run.
        compare(INLINE + 1, move || {
            answered.notify_one();
            receiver.recv_timeout(Duration::from_secs(60))
        })
        .await
    });
    other.await.unwrap();
    sender.send(()).unwrap();
    heavy.await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn large_comparisons_are_done_on_half_of_the_processors() {
    let most = (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1);
    let (now, highest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tasks = (0..16).map(|_| {
        let (now, highest) = (Arc::clone(&now), Arc::clone(&highest));
        tokio::spawn(async move {
            compare(COMPARE_SMALL + 1, || {
                highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            })
            .await
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert!(highest.load(Ordering::SeqCst) <= most);
}

#[tokio::test]
async fn what_bodies_hold_is_bounded_and_given_back() {
    let room = Room::new(200 * 1024, Duration::ZERO);
    let mut held = room.take(INLINE + 36 * 1024).await.unwrap();
    let _other = room.take(INLINE + 36 * 1024).await.unwrap();
    assert!(matches!(room.take(INLINE + 1).await, Err(Error::Busy)));
    assert!(room.take(INLINE).await.is_ok(), "small bodies take nothing of it");
    held.shrink(1024);
    assert!(room.take(INLINE + 1024).await.is_ok());
}
