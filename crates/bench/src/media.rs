//! One camera, many who watch it: what forwarding costs beside sending the same datagrams
//! with nothing around them.

mod participant;
mod plain_udp;

use std::{
    fs,
    path::PathBuf,
    process::{Command as Program, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use kulti_media::sfu::{Command, Event, Kind, PeerKey, PublishedTrack, Sfu, SfuRoom, SfuSettings};
use participant::{Camera, Participant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{
    cores::{self, CpuTime, share},
    statistics::ratio,
};

const PUBLISHER: PeerKey = PeerKey(0);
const TRACK: &str = "camera";
const STREAM: &str = "stream";
/// Everybody must be there within this time.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at the sockets.
const PAUSE: Duration = Duration::from_millis(1);

struct Row {
    receivers: usize,
    /// CPU time of the forwarding thread, as a share of a core.
    sfu: f64,
    per_packet: Duration,
    floor: f64,
    delivered: f64,
    generator_share: f64,
}

/// Prints one row for each number of receivers.
pub(crate) fn run(receivers: &[usize], seconds: u64) -> anyhow::Result<()> {
    let before = CpuTime::now(None)?;
    let mut rows = Vec::new();
    for &count in receivers {
        rows.push(measure(count, Duration::from_secs(seconds))?);
    }
    println!("\n## Media: one camera of 500 kbit/s, many who watch it\n");
    println!(
        "| receivers | forwarding, of a core | each | a packet | plain UDP | ratio | delivered | generator |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in &rows {
        println!(
            "| {} | {:.2} % | {:.3} % | {:.1} µs | {:.2} % | {} | {:.1} % | {} |",
            row.receivers,
            row.sfu * 100.0,
            row.sfu * 100.0 / row.receivers as f64,
            row.per_packet.as_secs_f64() * 1e6,
            row.floor * 100.0,
            ratio(row.sfu, row.floor),
            row.delivered * 100.0,
            share(row.generator_share),
        );
    }
    before.print_disturbance()
}

fn measure(receivers: usize, time: Duration) -> anyhow::Result<Row> {
    let sfu = Sfu::start(SfuSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        announced: Vec::new(),
        shards: 1,
        tracks_per_peer: 1,
        tracks_per_room: 1,
    })?;
    let thread = Thread::find()?;
    let mut session = Session::start(&sfu, receivers)?;
    session.gather()?;

    let (before, packets) = (thread.cpu()?, session.received());
    let generator = cores::of_process("self")?;
    let start = Instant::now();
    let mut sent = 0;
    while start.elapsed() < time {
        sent += session.turn()?;
        std::thread::sleep(PAUSE);
    }
    let elapsed = start.elapsed().as_secs_f64();
    let cpu = thread.cpu()?.saturating_sub(before);
    let generated = cores::of_process("self")?
        .saturating_sub(generator)
        .saturating_sub(cpu);
    // What is on its way still arrives.
    let end = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        session.receive()?;
        std::thread::sleep(PAUSE);
    }
    let forwarded = session.received() - packets;
    ensure!(forwarded > 0, "nothing was forwarded");
    Ok(Row {
        receivers,
        sfu: cpu.as_secs_f64() / elapsed,
        per_packet: cpu.div_f64(forwarded as f64),
        floor: plain_udp::cost(receivers, time)?,
        delivered: forwarded as f64 / (sent * receivers) as f64,
        generator_share: generated.as_secs_f64() / elapsed,
    })
}

/// The forwarding thread, moved away from the core of the generator.
struct Thread(PathBuf);

impl Thread {
    fn find() -> anyhow::Result<Self> {
        let end = Instant::now() + PATIENCE;
        // It gives itself its name when it begins.
        while Instant::now() < end {
            for task in fs::read_dir("/proc/self/task")? {
                let task = task?;
                if fs::read_to_string(task.path().join("comm"))?.trim() == "sfu" {
                    Program::new("taskset")
                        .args(["-p", "-c", cores::SERVER_CORE])
                        .arg(task.file_name())
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .status()?;
                    return Ok(Self(task.path()));
                }
            }
            std::thread::sleep(PAUSE);
        }
        anyhow::bail!("there is no forwarding thread")
    }

    /// CPU time, up to its last wait.
    fn cpu(&self) -> anyhow::Result<Duration> {
        let line = fs::read_to_string(self.0.join("schedstat"))?;
        let spent = line.split(' ').next().context("an empty schedstat")?;
        Ok(Duration::from_nanos(spent.parse()?))
    }
}

struct Session {
    room: SfuRoom,
    events: UnboundedReceiver<Event>,
    publisher: Participant,
    camera: Camera,
    receivers: Vec<Participant>,
}

impl Session {
    fn start(sfu: &Sfu, receivers: usize) -> anyhow::Result<Self> {
        let (sender, events) = unbounded_channel();
        let room = sfu.room("bench", sender);
        let mut publisher = Participant::new()?;
        let join = publisher.join()?;
        room.send(joins(PUBLISHER, join));
        let receivers = (1..=receivers)
            .map(|number| {
                let mut receiver = Participant::new()?;
                let peer = PeerKey(number as u64);
                room.send(joins(peer, receiver.join()?));
                let tracks = vec![(PUBLISHER, TRACK.to_owned())];
                room.send(Command::Subscriptions { peer, tracks });
                Ok(receiver)
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            room,
            events,
            publisher,
            camera: Camera::default(),
            receivers,
        })
    }

    /// Until everybody gets pictures.
    fn gather(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        let mut has_offered = false;
        while !self.receivers.iter().all(|receiver| receiver.received > 0) {
            ensure!(Instant::now() < end, "not everybody gets pictures");
            self.turn()?;
            if self.publisher.is_answered() && !has_offered {
                has_offered = true;
                let offer = self
                    .publisher
                    .offer_camera(&mut self.camera, STREAM, TRACK)?;
                self.room.send(Command::Publish {
                    peer: PUBLISHER,
                    request: 0,
                    offer,
                    tracks: vec![PublishedTrack {
                        track_id: TRACK.to_owned(),
                        stream_id: STREAM.to_owned(),
                        kind: Kind::Video,
                    }],
                });
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Gives how many packets were sent.
    fn turn(&mut self) -> anyhow::Result<usize> {
        self.receive()?;
        self.publisher.send(&mut self.camera)
    }

    fn receive(&mut self) -> anyhow::Result<()> {
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Answer { peer, result, .. } => {
                    self.participant(peer)?.answered(&result?)?;
                }
                Event::Offer { peer, sdp } => {
                    let sdp = self.participant(peer)?.answer(&sdp)?;
                    self.room.send(Command::Answer { peer, sdp });
                }
                Event::Failed { peer, .. } => anyhow::bail!("the connection of {peer:?} failed"),
                _ => {}
            }
        }
        self.publisher.receive()?;
        self.receivers.iter_mut().try_for_each(Participant::receive)
    }

    fn participant(&mut self, peer: PeerKey) -> anyhow::Result<&mut Participant> {
        if peer == PUBLISHER {
            return Ok(&mut self.publisher);
        }
        let index = usize::try_from(peer.0)? - 1;
        self.receivers
            .get_mut(index)
            .context("an unknown participant")
    }

    fn received(&self) -> usize {
        self.receivers
            .iter()
            .map(|receiver| receiver.received)
            .sum()
    }
}

fn joins(peer: PeerKey, offer: String) -> Command {
    let id = format!("peer-{}", peer.0);
    Command::Join {
        peer,
        id,
        auto_video: true,
        request: 0,
        offer,
    }
}
