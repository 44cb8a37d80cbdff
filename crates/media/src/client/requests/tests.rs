use super::*;

const LOW: Preference = Preference::Video(Layer::Low);
const HIGH: Preference = Preference::Video(Layer::High);
const NONE: Preference = Preference::Video(Layer::None);

fn wanting(what: Preference) -> (Requests, Instant) {
    let mut requests = Requests::default();
    requests.add("t", NONE, NONE);
    requests.want("t", what);
    (requests, Instant::now())
}

fn answer(text: &str) -> Answer {
    serde_json::from_str(text).unwrap()
}

/// The requests of the next minute, each with the time it comes at, in ms.
fn minute(requests: &mut Requests, start: Instant) -> Vec<u128> {
    let (mut now, mut times) = (start, Vec::new());
    while now < start + Duration::from_secs(60) {
        while requests.poll(now).is_some() {
            times.push((now - start).as_millis());
        }
        let Some(deadline) = requests.deadline() else { break };
        assert!(deadline > now, "time must go on");
        now = deadline;
    }
    times
}

#[test]
fn without_an_answer_it_asks_three_times_and_gives_up() {
    let (mut requests, now) = wanting(LOW);
    assert_eq!(minute(&mut requests, now), [0, 500, 2500]);
    assert_eq!(requests.deadline(), None);
    requests.want("t", HIGH);
    assert!(requests.poll(now).is_some(), "something else is asked for again");
}

#[test]
fn an_answer_settles_it() {
    let (mut requests, now) = wanting(LOW);
    assert!(requests.poll(now).unwrap().contains(r#""low""#));
    requests.answered(&answer(r#"{"id":1,"result":{}}"#), now);
    assert_eq!(minute(&mut requests, now), [0u128; 0]);
}

#[test]
fn what_is_wanted_meanwhile_follows_after_the_answer() {
    let (mut requests, now) = wanting(LOW);
    requests.poll(now);
    requests.want("t", HIGH);
    assert_eq!(requests.poll(now), None, "one at a time");
    requests.answered(&answer(r#"{"id":1,"result":{}}"#), now);
    assert!(requests.poll(now).unwrap().contains(r#""high""#));
    requests.answered(&answer(r#"{"id":1,"result":{}}"#), now);
    assert_eq!(requests.poll(now), None);
    requests.answered(&answer(r#"{"id":2,"result":{}}"#), now);
    assert_eq!(minute(&mut requests, now), [0u128; 0]);
}

#[test]
fn refusals_that_may_pass_are_tried_again_and_others_are_not() {
    for (code, times) in [(503, 3), (429, 3), (404, 1), (400, 1)] {
        let (mut requests, mut now) = wanting(LOW);
        let mut asked = 0;
        while requests.poll(now).is_some() {
            asked += 1;
            let refusal = format!(r#"{{"id":{asked},"error":{{"code":{code},"message":"no"}}}}"#);
            requests.answered(&answer(&refusal), now);
            now += Duration::from_secs(1);
        }
        assert_eq!(asked, times, "{code}");
    }
}

#[test]
fn a_channel_that_opens_again_has_heard_nothing() {
    let (mut requests, now) = wanting(LOW);
    minute(&mut requests, now);
    requests.reset();
    assert!(requests.poll(now).is_some());
}
