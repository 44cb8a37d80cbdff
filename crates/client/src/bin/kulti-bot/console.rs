//! Orders from standard input or a script.

use std::time::Duration;

use kulti_client::core::Intent;
use kulti_watch::Signal;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    sync::mpsc,
};

use crate::report::Report;

/// What one bot is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    Act(Intent),
    Watch(Signal),
    CutSocket,
    Rejoin,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Addressee {
    All,
    One(usize),
}

/// Obeys until the orders end.
pub(crate) async fn obey(
    orders: impl AsyncRead + Unpin,
    bots: Vec<mpsc::Sender<Order>>,
    report: &Report,
) {
    let mut lines = BufReader::new(orders).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.trim().is_empty() {
            continue;
        }
        let refuse = |message: &str| {
            report.event(None, "error", json!({ "message": message, "line": line }));
        };
        let (addressee, order) = match parse(&line) {
            Ok((after, addressee, order)) => {
                tokio::time::sleep(after).await;
                (addressee, order)
            }
            Err(message) => {
                refuse(&message);
                continue;
            }
        };
        let addressed = match addressee {
            Addressee::All => bots.as_slice(),
            Addressee::One(index) => bots.get(index..=index).unwrap_or_default(),
        };
        if addressed.is_empty() {
            refuse("there is no such bot");
        }
        for bot in addressed {
            if bot.send(order.clone()).await.is_err() {
                refuse("the bot has gone");
            }
        }
    }
}

fn parse(line: &str) -> Result<(Duration, Addressee, Order), String> {
    let order: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let addressee = match order.get("bot") {
        None => Addressee::One(0),
        Some(Value::String(all)) if all == "all" => Addressee::All,
        Some(index) => index
            .as_u64()
            .and_then(|index| usize::try_from(index).ok())
            .map(Addressee::One)
            .ok_or("`bot` is a number or \"all\"")?,
    };
    let after = match order.get("after_ms") {
        None => Duration::ZERO,
        Some(ms) => Duration::from_millis(ms.as_u64().ok_or("`after_ms` is a number")?),
    };
    let text = |key: &str| order.get(key).and_then(Value::as_str);
    let order = match (text("act"), text("watch"), text("do")) {
        (Some(_), None, None) => {
            Order::Act(Intent::deserialize(&order).map_err(|e| e.to_string())?)
        }
        (None, Some(signal), None) => {
            Order::Watch(signal_of(signal).ok_or("there is no such signal")?)
        }
        (None, None, Some("cutSocket")) => Order::CutSocket,
        (None, None, Some("rejoin")) => Order::Rejoin,
        _ => return Err("an order has one of `act`, `watch` and `do`".to_owned()),
    };
    Ok((after, addressee, order))
}

fn signal_of(name: &str) -> Option<Signal> {
    Some(match name {
        "window_visible" => Signal::WindowVisible,
        "window_hidden" => Signal::WindowHidden,
        "locked" => Signal::Locked,
        "unlocked" => Signal::Unlocked,
        "suspended" => Signal::Suspended,
        "resumed" => Signal::Resumed,
        "input" => Signal::Input,
        "act" => Signal::Act,
        "idle_unknown" => Signal::IdleUnknown,
        "idle_known" => Signal::IdleKnown,
        "prompt_shown" => Signal::PromptShown,
        "prompt_answered" => Signal::PromptAnswered,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::*;

    #[test]
    fn orders_are_understood() {
        let raised = Order::Act(Intent::SetHand { raised: true });
        for (line, addressee, order) in [
            (
                r#"{"bot":2,"act":"setHand","raised":true}"#,
                Addressee::One(2),
                raised.clone(),
            ),
            (
                r#"{"bot":"all","act":"setHand","raised":true}"#,
                Addressee::All,
                raised,
            ),
            (
                r#"{"act":"leave"}"#,
                Addressee::One(0),
                Order::Act(Intent::Leave),
            ),
            (
                r#"{"watch":"locked"}"#,
                Addressee::One(0),
                Order::Watch(Signal::Locked),
            ),
            (r#"{"do":"cutSocket"}"#, Addressee::One(0), Order::CutSocket),
        ] {
            let after = Duration::ZERO;
            assert_eq!(parse(line), Ok((after, addressee, order)), "{line}");
        }
    }

    #[test]
    fn an_order_may_have_to_wait() {
        let (after, ..) =
            parse(r#"{"after_ms":1500,"watch":"locked"}"#).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(after, Duration::from_millis(1_500));
        assert!(parse(r#"{"after_ms":-1,"watch":"locked"}"#).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "leave",
            "{}",
            "[]",
            r#"{"act":"fly"}"#,
            r#"{"bot":-1,"act":"leave"}"#,
            r#"{"watch":"x"}"#,
            r#"{"act":"leave","do":"rejoin"}"#,
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
