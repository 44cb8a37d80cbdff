//! Polls and quizzes with the official 100ms SDK in Chromium on both sides.

use serde_json::{Value, json};

use crate::{
    browser::SdkPage,
    server::{TestServer, TestSession},
};

/// What the SDK knows of a poll: `poll(title)`, and its tally.
const LOOK: &str = "
    const poll = (title) => Object.values(hms.store.getState((s) => s.polls))
      .find((poll) => poll.title === title);
    const tally = (title) => (poll(title)?.questions[0].options ?? []).map((o) => o.voteCount ?? 0);
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    const vote = (title, answer) => hms.actions.interactivityCenter
      .addResponsesToPoll(poll(title).id, [{ questionIndex: 1, ...answer }]);
";

/// A page of the class.
struct Page(SdkPage);

impl Page {
    async fn join(server: &TestServer, session: &TestSession, user: &str, role: &str) -> Self {
        let page = SdkPage::open(&format!("Web {user}")).await;
        let token = server.hms_token(session.room(), user, role);
        page.join(&server.origin, &token).await;
        Self(page)
    }

    async fn does(&self, body: &str) -> Value {
        self.0.does(&format!("{LOOK} {body}"), vec![]).await
    }

    /// Runs what the server refuses; gives its error as text.
    async fn is_refused(&self, body: &str) -> String {
        let answer = self.0.run_async(&format!("{LOOK} {body}"), vec![]).await;
        let text = answer.as_str().unwrap_or_default().to_owned();
        assert!(text.starts_with("error 4"), "{body} gave {answer}");
        text
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_from_draft_to_end_on_the_official_sdk() {
    let server = TestServer::start();
    let session = server.session("Polls").await;
    let host = Page::join(&server, &session, "web-host", "host").await;
    let ann = Page::join(&server, &session, "web-ann", "viewer").await;

    // A draft is seen by those who run polls, and by nobody else.
    host.does(
        "await hms.actions.interactivityCenter.createPoll({ id: 'p1', title: 'Clear?', type: 'poll',
           questions: [{ text: 'Clear so far?', type: 'single-choice', once: false,
             options: [{ text: 'Yes' }, { text: 'No' }] }] });
         await hms.actions.interactivityCenter.getPolls();
         await until(() => poll('Clear?')?.state === 'created');",
    )
    .await;
    let drafts = ann
        .does("await hms.actions.interactivityCenter.getPolls(); return !!poll('Clear?');")
        .await;
    assert_eq!(drafts, json!(false));
    ann.is_refused("await hms.actions.interactivityCenter.startPoll('p1')")
        .await;

    host.does(
        "await hms.actions.interactivityCenter.startPoll('p1');
         await until(() => poll('Clear?').state === 'started');",
    )
    .await;
    ann.does(
        "await until(() => poll('Clear?')?.state === 'started');
         await until(() => hms.log.some((n) => n.type === 'POLL_STARTED'));
         await vote('Clear?', { option: 2 });",
    )
    .await;
    host.does("await until(() => same(tally('Clear?'), [0, 1]));")
        .await;

    // Her vote can be changed, and stays one; who comes late votes too.
    ann.does("await vote('Clear?', { option: 1 });").await;
    let bob = Page::join(&server, &session, "web-bob", "viewer").await;
    bob.does(
        "await until(() => poll('Clear?')?.state === 'started');
         await vote('Clear?', { option: 1 });",
    )
    .await;
    // Ann's second device: the same ballot.
    let again = Page::join(&server, &session, "web-ann", "viewer").await;
    again
        .does(
            "await until(() => poll('Clear?')?.state === 'started');
             await hms.actions.interactivityCenter.getPollResponses(poll('Clear?'), true);
             await until(() => poll('Clear?').questions[0].responses?.[0]?.option === 1);",
        )
        .await;
    for page in [&host, &ann, &bob] {
        page.does(
            "await until(() => same(tally('Clear?'), [2, 0]));
             await until(() => poll('Clear?').result.totalUsers === 2);",
        )
        .await;
    }

    ann.is_refused("await hms.actions.interactivityCenter.stopPoll('p1')")
        .await;
    host.does("await hms.actions.interactivityCenter.stopPoll('p1');")
        .await;
    ann.does(
        "await until(() => poll('Clear?').state === 'stopped');
         await until(() => hms.log.some((n) => n.type === 'POLL_STOPPED'));",
    )
    .await;
    bob.is_refused("await vote('Clear?', { option: 2 })").await;
    for page in [host, ann, bob, again] {
        page.0.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quizzes_anonymous_polls_and_time_on_the_official_sdk() {
    let server = TestServer::start();
    let session = server.session("Quiz").await;
    let host = Page::join(&server, &session, "web-host", "host").await;
    let ann = Page::join(&server, &session, "web-ann", "viewer").await;

    // What is right is nowhere on her page until the quiz is over.
    host.does(
        "await hms.actions.interactivityCenter.startPoll({ id: 'q1', title: 'Quiz', type: 'quiz',
           questions: [{ text: 'What moves?', type: 'single-choice', weight: 10,
             options: [{ text: 'i32' }, { text: 'String', isCorrectAnswer: true }] }] });
         await until(() => poll('Quiz')?.state === 'started');
         await vote('Quiz', { option: 1 });",
    )
    .await;
    let answer = ann
        .does(
            "await until(() => poll('Quiz')?.state === 'started');
             await vote('Quiz', { option: 2 });
             await until(() => same(tally('Quiz'), [1, 1]));
             return [poll('Quiz').questions[0].answer ?? null,
                     poll('Quiz').questions[0].result.correctResponses];",
        )
        .await;
    assert_eq!(answer, json!([null, 0]), "nobody tells her");
    ann.is_refused("await vote('Quiz', { option: 1 })").await;
    host.does(
        "await until(() => poll('Quiz').questions[0].result?.correctResponses === 1);
         await hms.actions.interactivityCenter.stopPoll('q1');",
    )
    .await;
    let board = ann
        .does(
            "await until(() => poll('Quiz').state === 'stopped');
             await until(() => poll('Quiz').questions[0].result.correctResponses === 1);
             const board = await hms.actions.interactivityCenter
               .fetchLeaderboard(poll('Quiz').id, 0, 10);
             return [board.entries.map((e) => [e.position, e.score, e.peer.userid]),
                     board.summary.correctUsers, board.hasNext];",
        )
        .await;
    let ranking = json!([[[1, 10, "web-ann"], [2, 0, "web-host"]], 1, false]);
    assert_eq!(board, ranking);

    // Anonymous, several choices, and stopped by the server.
    host.does(
        "await hms.actions.interactivityCenter.startPoll({ id: 'a1', title: 'Secret', type: 'poll',
           anonymous: true, duration: 12,
           questions: [{ text: 'Which?', type: 'multiple-choice',
             options: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] }] });",
    )
    .await;
    ann.does(
        "await until(() => poll('Secret')?.state === 'started');
         await vote('Secret', { options: [1, 3] });
         await until(() => same(tally('Secret'), [1, 0, 1]));
         await until(() => poll('Secret').result.totalUsers === 1);",
    )
    .await;
    let who = host
        .does(
            "await until(() => poll('Secret')?.state === 'stopped');
             await hms.actions.interactivityCenter.getPollResponses(poll('Secret'), false);
             const given = await until(() => poll('Secret').questions[0].responses?.[0]);
             return [given.options, given.peer];",
        )
        .await;
    let nobody = json!({"peerid": "", "userHash": "", "userid": "", "username": ""});
    assert_eq!(who, json!([[1, 3], nobody]));
    ann.does("await until(() => poll('Secret').state === 'stopped');")
        .await;
    for page in [host, ann] {
        page.0.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_know_polls_as_a_store_key_take_part() {
    let server = TestServer::start();
    let session = server.session("Store polls").await;
    let host = Page::join(&server, &session, "web-host", "host").await;
    let ann = Page::join(&server, &session, "web-ann", "viewer").await;
    let bob = Page::join(&server, &session, "web-bob", "viewer").await;
    let observe = "await hms.actions.sessionStore.observe(['activePoll']);";
    let votes = "const active = () => hms.store.getState(HMS.selectSessionStore('activePoll'));
         const votes = () => (active()?.options ?? []).map((o) => o.votes);
         const cast = (copy, option) => hms.actions.sessionStore.set('activePoll', { ...copy,
           options: copy.options.map((o, i) => i === option ? { ...o, votes: o.votes + 1 } : o),
           totalVotes: copy.totalVotes + 1 });";
    for page in [&host, &ann, &bob] {
        page.does(observe).await;
    }

    // Made by writing the key, as the web product does; seen as a poll by the others.
    host.does(
        "await hms.actions.sessionStore.set('activePoll', { pollId: 'w1', question: 'Clear?',
           options: [{ id: 'yes', text: 'Yes', votes: 0 }, { id: 'no', text: 'No', votes: 0 }],
           totalVotes: 0, isActive: true, createdAt: Date.now() });",
    )
    .await;
    bob.does(
        "await until(() => poll('Clear?')?.state === 'started');
         await vote('Clear?', { option: 2 });",
    )
    .await;
    // Ann votes from a copy that does not have Bob's vote: both count.
    ann.does(&format!(
        "{votes} await until(() => active()?.pollId === 'w1');
         const stale = {{ ...active(), options: active().options.map((o) => ({{ ...o, votes: 0 }})),
           totalVotes: 0 }};
         await cast(stale, 0);
         await until(() => same(votes(), [1, 1]));"
    ))
    .await;
    for page in [&host, &bob] {
        page.does(&format!(
            "{votes} await until(() => same(votes(), [1, 1]) && active().totalVotes === 2);
             await until(() => same(tally('Clear?'), [1, 1]));"
        ))
        .await;
    }
    // Once each; and nobody but a host does anything else to it.
    ann.is_refused(&format!("{votes} await cast(active(), 1)"))
        .await;
    bob.is_refused(&format!("{votes} await cast(active(), 1)"))
        .await;
    ann.is_refused(&format!(
        "{votes} await hms.actions.sessionStore.set('activePoll', {{ ...active(), totalVotes: 99 }})"
    ))
    .await;
    ann.is_refused("await hms.actions.sessionStore.set('activePoll', null)")
        .await;
    host.does(&format!(
        "{votes} await hms.actions.sessionStore.set('activePoll', {{ ...active(), isActive: false }});"
    ))
    .await;
    bob.does(&format!(
        "{votes} await until(() => active().isActive === false && same(votes(), [1, 1]));
         await until(() => poll('Clear?').state === 'stopped');"
    ))
    .await;

    // One made by the protocol is in the key too.
    host.does(
        "await hms.actions.interactivityCenter.startPoll({ id: 'p2', title: 'Next', type: 'poll',
           questions: [{ text: 'Next?', type: 'single-choice',
             options: [{ text: 'a' }, { text: 'b' }] }] });",
    )
    .await;
    ann.does(&format!(
        "{votes} await until(() => active()?.pollId === 'p2' && active().question === 'Next?');
         await cast(active(), 1);
         await until(() => same(votes(), [0, 1]));"
    ))
    .await;
    host.does("await until(() => same(tally('Next'), [0, 1]));")
        .await;
    for page in [host, ann, bob] {
        page.0.close().await;
    }
}
