//! Numbers for media sections.
//!
//! The library names media sections by random letters; the official SDK compares `a=mid` as
//! integers. So what leaves has numbers and what comes back is translated. Nothing of it is
//! in RTP: connections that offer don't negotiate the header extension that carries mids.

use std::collections::HashMap;

/// The numbers that one connection's sections go by. A number is never used again, also
/// where its section is.
#[derive(Debug, Default)]
pub(crate) struct MidNumbers {
    numbers: HashMap<String, u32>,
    names: HashMap<u32, String>,
    next: u32,
}

impl MidNumbers {
    /// An offer of the library's, with numbers.
    pub(crate) fn outgoing(&mut self, sdp: &str) -> String {
        rewrite(sdp, |name| Some(self.number(name).to_string()))
    }

    /// The answer to it, with the library's names. Numbers that were never given stay as
    /// they are: the library refuses them.
    pub(crate) fn incoming(&self, sdp: &str) -> String {
        rewrite(sdp, |number| {
            number
                .parse()
                .ok()
                .and_then(|n: u32| self.names.get(&n).cloned())
        })
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.next;
        self.next += 1;
        self.numbers.insert(name.to_owned(), number);
        self.names.insert(number, name.to_owned());
        number
    }
}

/// Whether a description has the sections of the offer that it is taken to answer. A section
/// that was refused may come back without its mid.
pub(crate) fn answers(offer: &str, answer: &str) -> bool {
    let (offered, answered) = (sections(offer), sections(answer));
    offered.len() == answered.len()
        && offered
            .iter()
            .zip(&answered)
            .all(|(offered, answered)| answered.is_none() || offered == answered)
}

fn sections(sdp: &str) -> Vec<Option<&str>> {
    let mut sections = Vec::new();
    for line in sdp.lines() {
        if line.starts_with("m=") {
            sections.push(None);
        } else if let Some(mid) = line.strip_prefix("a=mid:")
            && let Some(section) = sections.last_mut()
        {
            *section = Some(mid.trim());
        }
    }
    sections
}

fn rewrite(sdp: &str, mut translate: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(sdp.len());
    for line in sdp.lines() {
        if let Some(mid) = line.strip_prefix("a=mid:") {
            let mid = mid.trim();
            out.push_str("a=mid:");
            out.push_str(translate(mid).as_deref().unwrap_or(mid));
        } else if let Some(group) = line.strip_prefix("a=group:BUNDLE") {
            out.push_str("a=group:BUNDLE");
            for mid in group.split_whitespace() {
                out.push(' ');
                out.push_str(translate(mid).as_deref().unwrap_or(mid));
            }
        } else {
            out.push_str(line);
        }
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str =
        "v=0\r\na=group:BUNDLE xYz 4aB\r\nm=audio\r\na=mid:xYz\r\nm=video\r\na=mid:4aB\r\n";

    #[test]
    fn names_become_numbers_and_numbers_names() {
        let mut numbers = MidNumbers::default();
        let out = numbers.outgoing(OFFER);
        assert_eq!(
            out,
            "v=0\r\na=group:BUNDLE 0 1\r\nm=audio\r\na=mid:0\r\nm=video\r\na=mid:1\r\n"
        );
        assert_eq!(numbers.incoming(&out), OFFER);
    }

    #[test]
    fn a_section_keeps_its_number_and_a_new_one_gets_another() {
        let mut numbers = MidNumbers::default();
        numbers.outgoing(OFFER);
        let out = numbers.outgoing("a=mid:4aB\r\na=mid:new\r\n");
        assert_eq!(out, "a=mid:1\r\na=mid:2\r\n");
    }

    #[test]
    fn numbers_that_were_not_given_stay() {
        let numbers = MidNumbers::default();
        assert_eq!(numbers.incoming("a=mid:9\r\n"), "a=mid:9\r\n");
    }

    #[test]
    fn an_answer_has_the_sections_of_its_offer() {
        let offer = "m=audio\r\na=mid:0\r\nm=video\r\na=mid:1\r\n";
        assert!(answers(offer, offer));
        assert!(answers(offer, "m=audio\r\nm=video\r\na=mid:1\r\n"));
        assert!(!answers(offer, "m=audio\r\na=mid:0\r\n"));
        assert!(!answers(
            offer,
            "m=audio\r\na=mid:0\r\nm=video\r\na=mid:2\r\n"
        ));
    }
}
