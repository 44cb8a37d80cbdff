//! A light learner: a guest who joins, keeps a connection, and reports watch time as the
//! app does.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse, Session};
use kulti_watch::IntervalSet;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::{sleep_until, timeout};

use super::Latencies;
use crate::{
    dialect::{self, Connection},
    http::Api,
    server_process::Peer,
};

/// The app's pace.
const BEAT: Duration = Duration::from_secs(30);
/// Someone looks away, or back, at random, so often on average.
const TURN: Duration = Duration::from_secs(240);
/// The shortest time between two turns.
const SHORTEST: Duration = Duration::from_secs(2);

pub(super) struct Learner {
    api: Api,
    session: Arc<Session>,
    connection: Connection,
    rng: StdRng,
}

impl Learner {
    pub(super) async fn join(
        port: u16,
        session: Arc<Session>,
        number: usize,
    ) -> anyhow::Result<Self> {
        let name = format!("Learner {number}");
        let (api, _) = Api::guest(port, &name).await?;
        let path = format!("/api/sessions/{}/join", session.id);
        api.post(&path, &json!({})).await?;
        let room = json!({ "roomId": session.hms_room_id, "sessionId": session.id });
        let answer = api.post("/api/hms/get-token", &room).await?;
        let token = answer.get("token").and_then(Value::as_str);
        let connection = Connection::with_token(port, token.context("no token")?, &name).await?;
        Ok(Self {
            api,
            session,
            connection,
            rng: StdRng::seed_from_u64(number as u64),
        })
    }

    /// Watches, looks away and back, and reports it, until it is stopped.
    pub(super) async fn live(mut self, latencies: Latencies) -> anyhow::Result<()> {
        let mut watched = IntervalSet::new();
        let mut acknowledged = IntervalSet::new();
        let mut since = Some(now_ms());
        let start = tokio::time::Instant::now();
        let mut next_beat = start + BEAT.mul_f64(self.rng.random());
        let mut next_turn = start + self.pause();
        loop {
            sleep_until(next_beat.min(next_turn)).await;
            let now = tokio::time::Instant::now();
            if let Some(from) = since {
                watched.insert(from, now_ms());
            }
            if now >= next_turn {
                since = since.is_none().then(now_ms);
                next_turn = now + self.pause();
            } else if since.is_some() {
                since = Some(now_ms());
            }
            next_beat = now + BEAT;
            let unsettled = watched.difference(&acknowledged);
            let request = HeartbeatRequest {
                session_id: self.session.id.clone(),
                is_active: since.is_some(),
                intervals: Some(
                    unsettled
                        .iter()
                        .map(|(start, end)| [start.cast_signed(), end.cast_signed()])
                        .collect(),
                ),
                excluded: Vec::new(),
            };
            let asked = Instant::now();
            let answer = self
                .api
                .post("/api/analytics/heartbeat", &serde_json::to_value(request)?)
                .await?;
            latencies.lock().push(asked.elapsed().as_micros() as u64);
            let answer: HeartbeatResponse = serde_json::from_value(answer)?;
            let settled = answer.acknowledged.unwrap_or_default();
            let settled: IntervalSet = settled
                .iter()
                .map(|[start, end]| (start.cast_unsigned(), end.cast_unsigned()))
                .collect();
            acknowledged.merge(&settled);
            self.keep_connection().await?;
        }
    }

    fn pause(&mut self) -> Duration {
        let even: f64 = self.rng.random_range(0.001..1.0);
        TURN.mul_f64(-even.ln()).max(SHORTEST)
    }

    /// Takes what the server has sent, and says that it is alive.
    async fn keep_connection(&mut self) -> anyhow::Result<()> {
        let stream = &self.connection.stream;
        let mut buffer = vec![0; 64 << 10];
        while timeout(Duration::ZERO, stream.readable()).await.is_ok() {
            match stream.try_read(&mut buffer) {
                Ok(0) => anyhow::bail!("the server closed a learner's connection"),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(frame) = dialect::keep_alive(Peer::Kulti)? {
            stream.writable().await?;
            stream.try_write(&frame)?;
        }
        Ok(())
    }
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
