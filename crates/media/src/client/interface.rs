//! What the session says to the media engine and what the engine says back. The engine
//! runs on its own thread; everything here is sent through channels.

/// Which of the two connections, as `trickle` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// 0: what I send.
    Publish,
    /// 1: what I get.
    Subscribe,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
    /// The screen (pictures only).
    Screen,
}

/// How large a picture is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// None at all.
    None,
    /// Some 180 lines.
    Low,
    /// Some 360 lines.
    Medium,
    /// All there is.
    High,
}

/// A whole encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Whether it can be decoded without an earlier one.
    pub is_key: bool,
    /// When, in µs: to send, on the sender's capture clock; to show, when it should be
    /// shown on the clock that audio is played by.
    pub at_us: u64,
    /// VP8.
    pub data: Vec<u8>,
}

/// Where pictures that came are shown. Called on the engine's thread: must not block.
pub trait VideoSink: Send {
    /// Pictures of this track come from now on.
    fn opened(&mut self, track_id: &str);
    /// The next picture; it can be decoded after those given before. `follows` is false
    /// where pictures between it and the last one given were lost: then it is a keyframe.
    fn picture(&mut self, track_id: &str, picture: Picture, follows: bool);
    /// No more of it.
    fn closed(&mut self, track_id: &str);
}

/// Which sound devices are used; `None` is the system's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AudioDevices {
    /// Microphone, by [`AudioDevice::id`].
    pub input: Option<String>,
    /// Loudspeaker, by [`AudioDevice::id`].
    pub output: Option<String>,
}

/// A sound device of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioDevice {
    /// Stable name.
    pub id: String,
    /// For people.
    pub name: String,
    /// Whether the system uses it where nothing is chosen.
    pub is_default: bool,
}

/// Something the session wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Begin (or begin anew): answered by [`Event::Offer`] with the offer for `join`.
    Start,
    /// The answer to the last [`Event::Offer`].
    Answered {
        /// SDP.
        sdp: String,
    },
    /// The server's offer for the subscribe connection: answered by [`Event::Answer`].
    Offered {
        /// SDP.
        sdp: String,
    },
    /// A candidate of the server's.
    Trickle {
        /// For which connection.
        target: Target,
        /// `candidate:…`.
        candidate: String,
    },
    /// The server refuses the last [`Event::Offer`]. A source that was first offered by it
    /// is not published: [`Event::NotPublished`] follows.
    Refused,
    /// Send this source from now on: [`Event::Offer`] follows with its track. Sources are
    /// offered one after another, and offered again, with the same ids, after a new
    /// [`Command::Start`].
    Publish(Source),
    /// Send it no more.
    Unpublish(Source),
    /// Muted sources stay published: silence is sent, and no pictures.
    Mute(Source, bool),
    /// A picture of the camera or the screen to be sent.
    Send(Source, Picture),
    /// The pictures that are wanted; video tracks that are not named are wanted as `None`
    /// (as those should be that their publisher has muted: see [`Event::Frozen`]). Audio
    /// tracks are wanted unless they are named with `None`.
    Layers(Vec<(String, Layer)>),
    /// A keyframe of this track is needed (its decoder has lost its place).
    Keyframe {
        /// Which.
        track_id: String,
    },
    /// Other sound devices.
    Devices(AudioDevices),
    /// Which sound devices there are: answered by [`Event::Devices`].
    ListDevices,
    /// Publish a new ICE offer: the network has changed, the connection was lost, or the
    /// answer to the last offer was. Replaces an offer that is not answered yet.
    RestartIce,
    /// End.
    Stop,
}

/// A track that I publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTrack {
    /// What it is of.
    pub source: Source,
    /// Its id in the room.
    pub track_id: String,
    /// The stream's id; camera and microphone share one.
    pub stream_id: String,
}

/// Something the session should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An offer for the publish connection, with all tracks that are published by it. The
    /// first is for `join`, later ones for `offer`. None follows before it is answered.
    Offer {
        /// SDP.
        sdp: String,
        /// All of them.
        tracks: Vec<LocalTrack>,
    },
    /// The answer to [`Command::Offered`].
    Answer {
        /// SDP.
        sdp: String,
    },
    /// The server did not accept this source ([`Command::Refused`]): it is not sent.
    NotPublished(Source),
    /// Encode this source so from now on (the first time: begin).
    Encode {
        /// Camera or screen.
        source: Source,
        /// bits/s.
        bitrate: u32,
    },
    /// The next picture of this source must be a keyframe.
    KeyframeWanted(Source),
    /// Who speaks, by track id, loudest first, with levels of 0 to 100.
    Speakers(Vec<(String, u8)>),
    /// My own microphone's level, 0 to 100; some ten times a second while it is on.
    MicrophoneLevel(u8),
    /// How good the connections of people are, by peer id: 0 (bad) to 5.
    Quality(Vec<(String, u8)>),
    /// The sound devices of this computer.
    Devices {
        /// Microphones.
        inputs: Vec<AudioDevice>,
        /// Loudspeakers.
        outputs: Vec<AudioDevice>,
    },
    /// Sound cannot be recorded or played. The system's default device is tried again every
    /// two seconds.
    AudioFailed {
        /// Microphone, or else loudspeaker.
        input: bool,
        /// What happened.
        failure: DeviceFailure,
    },
    /// Both connections are up (true), or one of them was lost (false).
    Connected(bool),
    /// Sound is recorded or played again after [`Event::AudioFailed`].
    AudioRestored {
        /// Microphone, or else loudspeaker.
        input: bool,
    },
    /// For two seconds no picture of this track came although it is wanted (true), or they
    /// come again or are not wanted any more (false).
    Frozen {
        /// Which.
        track_id: String,
        /// Whether it stands still.
        frozen: bool,
    },
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceFailure {
    /// There is none.
    None,
    /// It was unplugged.
    Gone,
    /// Another program has it.
    Busy,
    /// The system does not allow it.
    Refused,
    /// Something else, in the system's words.
    Other(String),
}
