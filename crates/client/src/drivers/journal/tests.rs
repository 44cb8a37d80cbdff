//! Journals on real files.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, future::Future, path::Path, time::Duration};

use kulti_protocol::api::{Exclusion, HeartbeatResponse};
use kulti_watch::IntervalSet;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{Journal, JournalStatus, Place, StayJournal, StayRecord};
use crate::{
    core::{exclusions::Exclusions, io::JournalPage, unsettled::Unsettled},
    drivers::{join::ServerAddress, tls::Pin},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn record(session: &str) -> StayRecord {
    StayRecord {
        place: Place::At(ServerAddress {
            origin: "https://192.168.1.20:8788".into(),
            pin: Some(Pin::of_certificate(b"x")),
            plain_allowed: false,
        }),
        session_id: session.into(),
        title: "Zoë's \"parsers\"; live".into(),
        user_id: "u1".into(),
        role: "viewer".into(),
        joined_at_ms: 1_700_000_000_000,
    }
}

fn page(watched: &[(u64, u64)]) -> JournalPage {
    JournalPage {
        unsettled: Unsettled {
            watched: watched.iter().copied().collect(),
            excluded: [(5_000, 6_000, Exclusion::Hidden)].into_iter().collect(),
        },
        firm: false,
    }
}

async fn patiently<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("waited for {what} in vain"))
}

async fn until(
    journal: &Journal,
    what: &str,
    holds: impl FnMut(&JournalStatus) -> bool,
) -> JournalStatus {
    let mut status = journal.status();
    let waiting = status.wait_for(holds);
    patiently(what, waiting).await.unwrap().clone()
}

async fn loaded(dir: &Path) -> (Journal, JournalStatus) {
    let journal = Journal::open(dir);
    let status = until(&journal, "the journal is read", |status| status.loaded).await;
    (journal, status)
}

/// What a crash at this moment would leave behind.
fn crash(dir: &Path) -> TempDir {
    let after = tempfile::tempdir().unwrap();
    for file in fs::read_dir(dir).unwrap().flatten() {
        // The WAL's index is shared memory: it is made anew.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(file.path(), after.path().join(file.file_name())).unwrap();
        }
    }
    after
}

async fn with_one_page(dir: &Path) -> (Journal, StayJournal) {
    let (journal, status) = loaded(dir).await;
    assert_eq!((status.not_written, status.set_aside), (None, None));
    let stay = journal.begin(record("s1"));
    patiently(
        "the page",
        stay.write(page(&[(1_000, 4_000), (6_000, 9_000)])).done(),
    )
    .await;
    (journal, stay)
}

#[tokio::test]
async fn what_is_written_survives_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, stay) = with_one_page(dir.path()).await;
    assert!(journal.status().borrow().left.is_empty(), "it goes on");
    let after = crash(dir.path());
    let (again, status) = loaded(after.path()).await;
    assert_eq!(status.left.len(), 1, "{status:?}");
    let left = &status.left[0];
    assert_eq!(*left.record, record("s1"));
    assert_eq!((left.active_ms, &left.refused), (6_000, &None));
    assert_eq!(
        again.left_of(left.id).unwrap(),
        page(&[(1_000, 4_000), (6_000, 9_000)]).unsettled
    );
    drop(stay);
    assert_eq!(journal.status().borrow().left.len(), 1, "now it is over");
}

#[tokio::test]
async fn what_a_server_settles_goes_and_a_stay_with_nothing_left_too() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, stay) = with_one_page(dir.path()).await;
    drop(stay);
    let id = journal.status().borrow().left[0].id;
    let answer = |acknowledged| HeartbeatResponse {
        success: true,
        watch_duration_seconds: 0,
        estimated_credits: 0,
        timestamp: 0,
        acknowledged: Some(acknowledged),
    };
    let request = journal.left_of(id).unwrap().heartbeat("s1", false);
    journal.settle(id, &request, &answer(vec![[1_000, 4_000]]));
    assert_eq!(journal.status().borrow().left[0].active_ms, 3_000);
    journal.close().await;

    let (journal, status) = loaded(dir.path()).await;
    assert_eq!(status.left[0].active_ms, 3_000);
    let request = journal.left_of(id).unwrap().heartbeat("s1", false);
    assert!(request.excluded.is_empty(), "told once: {request:?}");
    for _ in 0..2 {
        journal.settle(id, &request, &answer(vec![[0, i64::MAX]]));
    }
    assert_eq!(journal.left_of(id), None);
    journal.close().await;
    assert!(loaded(dir.path()).await.1.left.is_empty());
}

#[tokio::test]
async fn what_a_server_refuses_is_kept_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, stay) = with_one_page(dir.path()).await;
    drop(stay);
    let id = journal.status().borrow().left[0].id;
    journal.refuse(id, "unknown session");
    journal.close().await;
    let (_, status) = loaded(dir.path()).await;
    assert_eq!(status.left[0].refused.as_deref(), Some("unknown session"));
    assert_eq!(status.left[0].active_ms, 6_000);
}

#[tokio::test]
async fn what_is_refused_is_forgotten_when_the_person_says_so_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, stay) = with_one_page(dir.path()).await;
    drop(stay);
    let id = journal.status().borrow().left[0].id;
    journal.forget_refused();
    assert_eq!(
        journal.status().borrow().left.len(),
        1,
        "it may yet be sent"
    );
    journal.refuse(id, "unknown session");
    journal.forget_refused();
    assert!(journal.status().borrow().left.is_empty());
    journal.close().await;
    assert!(loaded(dir.path()).await.1.left.is_empty());
}

#[tokio::test]
async fn damaged_files_are_set_aside_and_a_new_one_is_begun() {
    let whole = tempfile::tempdir().unwrap();
    let (journal, stay) = with_one_page(whole.path()).await;
    drop(stay);
    journal.close().await;
    let bytes = fs::read(whole.path().join("journal.db")).unwrap();
    let mut torn = bytes.clone();
    torn.truncate(bytes.len() / 2);
    let mut flipped = bytes.clone();
    flipped[1_024..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let damaged: [&[u8]; 4] = [b"not a database at all, but long enough to be one, surely, if one pads it to more than a hundred bytes", &torn, &flipped, &bytes[..700]];
    for (number, bytes) in damaged.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("journal.db"), bytes).unwrap();
        let (journal, status) = loaded(dir.path()).await;
        assert_eq!(status.not_written, None, "{number}");
        let aside = status.set_aside.unwrap_or_else(|| panic!("{number}"));
        assert_eq!(
            fs::read(&aside).unwrap(),
            bytes,
            "nothing of it is lost: {number}"
        );
        let stay = journal.begin(record("s2"));
        patiently("a page", stay.write(page(&[(1, 2)])).done()).await;
        drop(stay);
        journal.close().await;
        assert_eq!(loaded(dir.path()).await.1.left.len(), 1, "{number}");
    }
}

#[tokio::test]
async fn a_torn_end_of_the_log_costs_no_more_than_what_was_written_last() {
    let dir = tempfile::tempdir().unwrap();
    let (_journal, stay) = with_one_page(dir.path()).await;
    let wal = dir.path().join("journal.db-wal");
    let before = fs::metadata(&wal).unwrap().len();
    patiently(
        "a page",
        stay.write(page(&[(1_000, 4_000), (6_000, 9_900)])).done(),
    )
    .await;
    let after = fs::metadata(&wal).unwrap().len();
    assert!(after > before);
    for cut in [after - 1, after - 700, before + 1] {
        let crashed = crash(dir.path());
        let torn = fs::File::options()
            .write(true)
            .open(crashed.path().join("journal.db-wal"))
            .unwrap();
        torn.set_len(cut).unwrap();
        drop(torn);
        let (_again, status) = loaded(crashed.path()).await;
        assert_eq!(status.set_aside, None, "{cut}");
        assert_eq!(status.left[0].active_ms, 6_000, "{cut}");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, stay) = with_one_page(dir.path()).await;
    drop(stay);
    journal.close().await;
    let path = dir.path().join("journal.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations SELECT 999, description, installed_on, success, checksum, \
         execution_time FROM _sqlx_migrations",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let (_journal, status) = loaded(dir.path()).await;
    assert!(status.set_aside.is_some(), "{status:?}");
}

#[tokio::test]
async fn one_program_at_a_time_has_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (first, _stay) = with_one_page(dir.path()).await;
    let (second, status) = loaded(dir.path()).await;
    assert!(status.not_written.unwrap().contains("another program"));
    assert!(status.left.is_empty(), "what is the other's is left to it");
    let stay = second.begin(record("s2"));
    first.close().await;
    patiently("an answer", stay.write(page(&[(7, 9)])).done()).await;
    let status = until(&second, "writing", |status| status.not_written.is_none()).await;
    assert_eq!(status.left.len(), 1, "the first one's is left over");
    second.close().await;
    assert_eq!(loaded(dir.path()).await.1.left.len(), 2);
}

#[tokio::test]
async fn where_nothing_can_be_written_it_says_so_and_tries_again() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    fs::write(&dir, "a file where the folder should be").unwrap();
    let (journal, status) = loaded(&dir).await;
    assert!(status.not_written.is_some(), "{status:?}");
    let stay = journal.begin(record("s1"));
    patiently("nobody waits for ever", stay.write(page(&[(1, 2)])).done()).await;
    assert!(journal.status().borrow().not_written.is_some());
    fs::remove_file(&dir).unwrap();
    until(&journal, "writing", |status| status.not_written.is_none()).await;
    let (_again, status) = loaded(crash(&dir).path()).await;
    assert_eq!(status.left.len(), 1);
}

#[tokio::test]
async fn a_file_that_is_damaged_while_it_is_open_is_replaced_with_all_that_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, stay) = with_one_page(dir.path()).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("journal.db"));
    let mut vandal = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("DROP TABLE watched")
        .execute(&mut vandal)
        .await
        .unwrap();
    sqlx::Connection::close(vandal).await.unwrap();
    patiently(
        "a page",
        stay.write(page(&[(1_000, 4_000), (6_000, 9_900)])).done(),
    )
    .await;
    let status = journal.status().borrow().clone();
    assert!(
        status.set_aside.is_some() && status.not_written.is_none(),
        "{status:?}"
    );
    let (_again, status) = loaded(crash(dir.path()).path()).await;
    assert_eq!(status.left[0].active_ms, 6_900);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    let (_journal, _stay) = with_one_page(&dir).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for file in ["journal.db", "journal.db-wal"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
}

fn sets() -> impl Strategy<Value = Unsettled> {
    let reasons = prop_oneof![Just(Exclusion::Hidden), Just(Exclusion::Locked)];
    let watched = prop::collection::vec((0..200_u64, 1..30_u64), 0..8);
    let excluded = prop::collection::vec((0..200_u64, 1..30_u64, reasons), 0..8);
    (watched, excluded).prop_map(|(watched, excluded)| Unsettled {
        watched: watched
            .into_iter()
            .map(|(start, length)| (start, start + length))
            .collect::<IntervalSet>(),
        excluded: excluded
            .into_iter()
            .map(|(start, length, why)| (start, start + length, why))
            .collect::<Exclusions>(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever pages follow one another: after a crash the last one is there.
    #[test]
    fn the_file_holds_what_the_last_page_said(pages in prop::collection::vec((0..2_usize, sets()), 1..12)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let journal = Journal::open(dir.path());
            let stays = [journal.begin(record("s0")), journal.begin(record("s1"))];
            let mut last = [Unsettled::default(), Unsettled::default()];
            for (stay, unsettled) in pages {
                last[stay] = unsettled.clone();
                let firm = unsettled.watched.len() % 2 == 0;
                patiently("a page", stays[stay].write(JournalPage { unsettled, firm }).done()).await;
            }
            let crashed = crash(dir.path());
            let (again, status) = loaded(crashed.path()).await;
            for (number, expected) in last.into_iter().enumerate() {
                let session = format!("s{number}");
                let found = status.left.iter().find(|left| left.record.session_id == session);
                let found = found.map(|left| again.left_of(left.id).unwrap()).unwrap_or_default();
                assert_eq!(found.watched, expected.watched);
                assert_eq!(found.excluded.stretches(), expected.excluded.stretches());
            }
            again.close().await;
            journal.close().await;
        });
    }
}
