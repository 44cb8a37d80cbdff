//! The chat between web pages on the official SDK and our client.

use serde_json::{Value, json};

use crate::{
    bots::{Bots, is},
    browser::SdkPage,
    server::TestServer,
};

/// The text of the messages of the type `chat` that a page has, in order.
const CHAT: &str = "return hms.store.getState(HMS.selectHMSMessages)
    .filter((m) => m.type === 'chat').map((m) => m.message)";

/// Whether an event shows a message with this text.
fn message(text: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event["event"] == "message" && event["text"] == text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_takes_part_in_everything() {
    let server = TestServer::start();
    let session = server.session("Chat").await;
    let page = SdkPage::open("Web host").await;
    page.join(
        &server.origin,
        &server.hms_token(session.room(), "web-host", "host"),
    )
    .await;
    let mut rust = Bots::join(&server.origin, session.code(), 1, "Rust");
    rust.says("joined", is("joined")).await;
    let other = Bots::join(&server.origin, session.code(), 1, "Other");
    other.says("joined", is("joined")).await;

    // Both ways, to all, to a role, to one.
    page.does(
        "await until(() => hms.store.getState(HMS.selectPeers).length === 3);
         await hms.actions.sendBroadcastMessage('welcome');",
        vec![],
    )
    .await;
    let welcome = rust.says("the welcome", message("welcome")).await;
    assert_eq!(welcome["audience"]["to"], "everyone");
    rust.act(json!({"act": "sendMessage", "text": "a question"}));
    rust.act(json!({"act": "sendMessage", "text": "for hosts",
        "audience": {"to": "roles", "roles": ["host"]}}));
    rust.act(json!({"act": "sendMessage", "text": "for the web alone",
        "audience": {"to": "person", "userId": "web-host", "name": "Web host"}}));
    page.does(
        "await until(() => hms.store.getState(HMS.selectHMSMessages)
            .some((m) => m.message === 'for the web alone' && m.recipientPeer));
         const rust = hms.store.getState(HMS.selectRemotePeers).find((p) => p.name === 'Rust');
         await hms.actions.sendDirectMessage('for Rust alone', rust.id);
         await hms.actions.sendGroupMessage('for watchers', ['viewer']);",
        vec![],
    )
    .await;
    let private = rust
        .says("the private message", message("for Rust alone"))
        .await;
    assert_eq!(private["audience"]["to"], "person");
    let role = other
        .says("the role's message", message("for watchers"))
        .await;
    assert_eq!(
        role["audience"],
        json!({"to": "roles", "roles": ["viewer"]})
    );

    // The page reacts, and calls the question helpful: it is a host.
    page.does(
        "const question = hms.store.getState(HMS.selectHMSMessages).find((m) => m.message === 'a question');
         for (const mark of ['heart', 'helpful', 'heart'])
           await hms.actions.sendBroadcastMessage(
             JSON.stringify({ message_id: question.id, mark, on: true }), 'kulti.mark');",
        vec![],
    )
    .await;
    let marked = |event: &Value| {
        message("a question")(event)
            && event["marks"]
                == json!([
                    {"mark": "helpful", "count": 1, "mine": false},
                    {"mark": "heart", "count": 1, "mine": false}
                ])
    };
    let question = other.says("the marks", marked).await;
    assert_eq!(question["mine"], false);
    rust.says("the marks of my own message", marked).await;

    // Ours marks the page's message, and the page is told how often it was.
    let heart =
        json!({"act": "markMessage", "messageId": welcome["id"], "mark": "heart", "on": true});
    rust.act(heart);
    page.does(
        "await until(() => hms.store.getState(HMS.selectHMSMessages).some((m) => {
           if (m.type !== 'kulti.marked') return false;
           const { mark, count, on } = JSON.parse(m.message);
           return mark === 'heart' && count === 1 && on;
         }));",
        vec![],
    )
    .await;
    let reply = json!({"act": "sendMessage", "text": "a reply", "replyTo": welcome["id"]});
    rust.act(reply);
    page.does(
        "await until(() => hms.store.getState(HMS.selectHMSMessages).some((m) => m.message === 'a reply'));",
        vec![],
    )
    .await;
    assert_eq!(
        page.run(CHAT).await,
        json!([
            "welcome",
            "a question",
            "for hosts",
            "for the web alone",
            "for Rust alone",
            "for watchers",
            "a reply"
        ]),
        "each once, in order"
    );

    // Who comes late finds what was for all, and for watchers.
    let late = Bots::join(&server.origin, session.code(), 1, "Late");
    let found = late
        .says("the reply, from the history", message("a reply"))
        .await;
    assert_eq!(found["reply_to"], welcome["id"]);
    late.says("what was for watchers", message("for watchers"))
        .await;
    late.says("marks of earlier messages", marked).await;
    let private = |event: &Value| {
        event["event"] == "message"
            && event["text"]
                .as_str()
                .is_some_and(|text| text.ends_with("alone") || text == "for hosts")
    };
    assert_eq!(late.all(private), Vec::<Value>::new());
    assert_eq!(other.all(private), Vec::<Value>::new());
    for bots in [rust, other, late] {
        bots.leave();
    }
    page.close().await;
}
