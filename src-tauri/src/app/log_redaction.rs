//! A log as it may be handed on: without tokens, texts of people, addresses of others, or
//! the name of the person's home folder. Our own code logs no token and no text in the
//! first place; this is for what libraries and servers say.

use std::net::{IpAddr, SocketAddr};

use kulti_protocol::room_code::RoomCode;

/// What follows such a word is nobody's business.
const SECRETS: [&str; 10] = [
    "token",
    "access_token",
    "refresh_token",
    "authorization",
    "bearer",
    "password",
    "secret",
    "cookie",
    "pin",
    "app_data",
];
/// Fields with words of people, where they are written in quotes.
const TEXTS: [&str; 7] = [
    "text",
    "body",
    "message_text",
    "name",
    "display_name",
    "title",
    "author",
];
/// So long is no word, and no number that is worth keeping.
const SECRET_LENGTH: usize = 24;
const UUID_LENGTH: usize = 36;

/// The log without what is private. `home` is the person's home folder, if it is known.
pub(super) fn redact(log: &str, home: Option<&str>) -> String {
    let mut redacted = String::with_capacity(log.len());
    for line in log.lines() {
        match home.filter(|home| home.len() > 1) {
            Some(home) => redact_line(&line.replace(home, "~"), &mut redacted),
            None => redact_line(line, &mut redacted),
        }
        redacted.push('\n');
    }
    redacted
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '+' | '~' | '%' | '@' | '…')
}

fn redact_line(line: &str, redacted: &mut String) {
    let mut rest = line;
    // The word before, and whether it is the name of what comes.
    let mut before = String::new();
    let mut named = false;
    while let Some(first) = rest.chars().next() {
        if first == '"' && named && TEXTS.contains(&before.as_str()) {
            let end = end_of_quote(rest);
            redacted.push_str("\"<text>\"");
            rest = rest.get(end..).unwrap_or_default();
            before.clear();
            continue;
        }
        if !is_word(first) {
            redacted.push(first);
            named |= first == '=';
            if !matches!(first, '=' | ' ' | '"' | '\'') {
                before.clear();
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let name = before.as_str();
        if word == ":" {
            redacted.push_str(word);
            (named, rest) = (true, after);
            continue;
        }
        if SECRETS.contains(&name) && (named || name == "bearer") {
            redacted.push_str("<secret>");
        } else {
            redacted.push_str(&without_secrets(word));
        }
        named = word.ends_with(':');
        before = word.trim_end_matches(':').to_lowercase();
        rest = after;
    }
}

/// Where a quoted text ends, its quotes included: bytes.
fn end_of_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// One word: a link, an address, a code, something that looks like a secret, or none.
fn without_secrets(word: &str) -> String {
    if let Some((scheme, rest)) = word.split_once("://") {
        if scheme.ends_with("kulti") {
            return format!("{scheme}://<link>");
        }
        let (host, path) = rest
            .split_once('/')
            .map_or((rest, None), |(host, path)| (host, Some(path)));
        let path = path.map_or_else(String::new, |path| {
            let parts: Vec<_> = path.split('/').map(without_secrets).collect();
            format!("/{}", parts.join("/"))
        });
        return format!("{scheme}://{}{path}", public_host(host));
    }
    let bare = word.trim_end_matches(['.', ':']);
    let end = &word[bare.len()..];
    if is_foreign_address(bare) {
        return format!("<address>{end}");
    }
    // The four letters alone could be any word.
    if bare.len() > 4 && bare.parse::<RoomCode>().is_ok() {
        return format!("<code>{end}");
    }
    if looks_secret(bare) {
        return format!("<secret>{end}");
    }
    word.to_owned()
}

/// This computer's own name, or none.
fn public_host(host: &str) -> &str {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let here = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if here { host } else { "<server>" }
}

fn is_foreign_address(word: &str) -> bool {
    let ip = word
        .parse::<IpAddr>()
        .or_else(|_| word.parse::<SocketAddr>().map(|address| address.ip()));
    ip.is_ok_and(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

/// Long, of letters and digits without any meaning: a token, a key, a signature.
fn looks_secret(word: &str) -> bool {
    // Each part of a JSON web token begins so.
    if word.starts_with("eyJ") {
        return true;
    }
    let is_uuid = word.len() == UUID_LENGTH
        && word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    let is_time = word.contains(':');
    let is_path = word.contains(['/', '~', '.']);
    word.len() >= SECRET_LENGTH
        && !is_uuid
        && !is_time
        && !is_path
        && word.contains(|c: char| c.is_ascii_digit())
        && word.contains(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        redact(text, Some("/home/jonas")).trim_end().to_owned()
    }

    #[test]
    fn what_is_private_is_gone() {
        for (logged, kept) in [
            (
                "GET wss://live.kulti.dev/v2/ws?peer=p1&token=abc123 failed",
                "GET wss://<server>/v2/ws?peer=p1&token=<secret> failed",
            ),
            (
                "Authorization: Bearer abc.def",
                "Authorization: <secret> <secret>",
            ),
            (
                "jwt eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYSJ9.c2ln here",
                "jwt <secret> here",
            ),
            ("key dGhpcyBpcyBhIDMyLWJ5dGUga2V5IQ", "key <secret>"),
            ("from 192.168.1.20:51234 lost", "from <address> lost"),
            ("peer fe80::1c2d:3e4f left", "peer <address> left"),
            ("at [2001:db8::7]:443", "at [<address>]:443"),
            (
                "opened kulti://join/VIBE-2K4F?server=x",
                "opened kulti://<link>?server=x",
            ),
            ("joined VIBE-2K4F as viewer", "joined <code> as viewer"),
            (
                r#"said text="Hi \"all\", it's 10" id=7"#,
                r#"said text="<text>" id=7"#,
            ),
            (
                "data=/home/jonas/.local/share/dev.kulti.desktop",
                "data=~/.local/share/dev.kulti.desktop",
            ),
            ("http://build-box.lan:8787/api", "http://<server>/api"),
        ] {
            assert_eq!(line(logged), kept);
        }
    }

    #[test]
    fn what_helps_stays() {
        for logged in [
            "2026-11-25T14:02:36.123456Z  INFO kulti_client::drivers::stay_task: joined",
            "listening on http://127.0.0.1:8787",
            "http://localhost:1420/index.html",
            "session=01234567-89ab-4def-8123-456789abcdef reconnected after 12000 ms",
            "the journal is kept as journal.broken-1795329111426.db",
            "round trip 24 ms, attempt 3, code 1006",
            "bound to 0.0.0.0:8788",
            "kulti_server::ledger::commit: the ledger could not be written: disk full",
        ] {
            assert_eq!(line(logged), logged);
        }
    }

    /// Whatever stands round it, also where a quote never ends.
    #[test]
    fn a_token_is_found_anywhere() {
        let token = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg";
        for logged in [
            token.to_owned(),
            format!("(\"{token}\")"),
            format!("error: {token}."),
            format!("{{\"access_token\":\"{token}\",\"x\":1}}"),
            format!("https://kulti.dev/a/{token}/b"),
            format!("text=\"never ends {token}"),
            format!("a={token}&b"),
        ] {
            let redacted = line(&logged);
            assert!(!redacted.contains(token), "{logged} became {redacted}");
        }
    }
}
