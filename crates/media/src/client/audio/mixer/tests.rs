use super::*;
use crate::client::audio::{Encoder, FRAME};

fn tone(hertz: f32, loudness: f32, frame: usize) -> [f32; FRAME] {
    std::array::from_fn(|n| {
        let time = (frame * FRAME + n) as f32 / SAMPLE_RATE as f32;
        (time * hertz * std::f32::consts::TAU).sin() * loudness
    })
}

/// How much of a frequency there is, as the amplitude of its tone.
fn strength(samples: &[f32], hertz: f32) -> f32 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = n as f32 / SAMPLE_RATE as f32 * hertz * std::f32::consts::TAU;
        re += sample * angle.cos();
        im += sample * angle.sin();
    }
    (re * re + im * im).sqrt() * 2.0 / samples.len() as f32
}

/// Two seconds of speakers with tones; `lost` says which packets are.
fn listen(tones: &[(f32, f32)], lost: impl Fn(usize) -> bool) -> Vec<f32> {
    let epoch = Instant::now();
    let mut mixer = Mixer::new(epoch);
    let mut encoders = Vec::new();
    for (index, _) in tones.iter().enumerate() {
        mixer.open(&index.to_string());
        encoders.push(Encoder::new().unwrap());
    }
    let mut heard = Vec::new();
    for frame in 0..100 {
        let now = epoch + Duration::from_millis(frame as u64 * 20);
        for (index, (hertz, loudness)) in tones.iter().enumerate() {
            let Some(packet) = encoders[index].encode(&tone(*hertz, *loudness, frame)) else { continue };
            if !lost(frame) {
                mixer.push(&index.to_string(), frame as u64, packet.sample, &packet.data, now);
            }
        }
        let mut piece = [0.0; FRAME];
        mixer.fill(&mut piece, now, Duration::ZERO);
        heard.extend(piece);
    }
    heard
}

#[test]
fn two_speakers_are_heard_together_each_as_loud_as_alone() {
    let heard = listen(&[(440.0, 0.2), (1000.0, 0.2)], |_| false);
    let second = &heard[48_000..];
    assert!((strength(second, 440.0) - 0.2).abs() < 0.05, "{}", strength(second, 440.0));
    assert!((strength(second, 1000.0) - 0.2).abs() < 0.05, "{}", strength(second, 1000.0));
    assert!(strength(second, 700.0) < 0.01, "nothing else");
}

#[test]
fn a_tenth_of_the_packets_lost_is_hardly_heard() {
    let heard = listen(&[(440.0, 0.4)], |frame| frame % 10 == 7);
    let second = &heard[48_000..];
    assert!(strength(second, 440.0) > 0.34, "{}", strength(second, 440.0));
    let gaps = second.chunks(480).filter(|piece| piece.iter().all(|s| s.abs() < 0.05)).count();
    assert_eq!(gaps, 0, "no holes");
}

#[test]
fn too_many_loud_ones_stay_within_the_scale() {
    let tones: Vec<_> = (0..6).map(|n| (300.0 + 100.0 * n as f32, 0.8)).collect();
    let heard = listen(&tones, |_| false);
    let loudest = heard.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
    assert!(loudest > 0.8 && loudest <= 1.0, "{loudest}");
}

#[test]
fn soft_clipping_leaves_what_is_quiet_and_never_reverses() {
    for n in -700..=700 {
        let sample = n as f32 / 1000.0;
        assert_eq!(soft_clip(sample), sample);
    }
    let clipped: Vec<_> = (0..400).map(|n| soft_clip(n as f32 / 50.0)).collect();
    assert!(clipped.windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(soft_clip(-3.0), -soft_clip(3.0));
}

#[test]
fn what_is_not_opus_is_silence() {
    let epoch = Instant::now();
    let mut mixer = Mixer::new(epoch);
    mixer.open("t");
    for n in 0..200u64 {
        let now = epoch + Duration::from_millis(n * 20);
        let data: Vec<u8> = (0..n % 90).map(|m| (m * 37 + n) as u8).collect();
        mixer.push("t", n, n * 960, &data, now);
        let mut piece = [9.0; FRAME];
        mixer.fill(&mut piece, now, Duration::ZERO);
        assert!(piece.iter().all(|sample| sample.abs() <= 1.0));
    }
    mixer.close("t");
    let mut piece = [9.0; 100];
    mixer.fill(&mut piece, epoch, Duration::ZERO);
    assert_eq!(piece, [0.0; 100]);
}

#[test]
fn the_time_in_the_device_is_part_of_the_delay() {
    let epoch = Instant::now();
    let mut mixer = Mixer::new(epoch);
    assert_eq!(mixer.delay("t"), None);
    mixer.open("t");
    let mut piece = [0.0; 480];
    for _ in 0..100 {
        mixer.fill(&mut piece, epoch, Duration::from_millis(80));
    }
    let delay = mixer.delay("t").unwrap();
    assert!(delay > Duration::from_millis(115) && delay < Duration::from_millis(130), "{delay:?}");
}
