//! Which web pages may use the server.

use std::str::FromStr;

/// Which web pages may use the server. Programs that are no browser send no origin
/// and are not concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigins {
    rule: OriginRule,
    loopback: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum OriginRule {
    /// Nothing was said.
    Auto,
    Any,
    Listed(Vec<String>),
}

impl AllowedOrigins {
    /// Every page.
    #[must_use]
    pub fn any() -> Self {
        Self {
            rule: OriginRule::Any,
            loopback: true,
        }
    }

    /// What holds if nothing is said: pages from this machine for a server that only
    /// this machine reaches, else every page.
    #[must_use]
    pub fn auto() -> Self {
        Self {
            rule: OriginRule::Auto,
            loopback: true,
        }
    }

    /// Decides what was left to [`AllowedOrigins::auto`].
    pub(crate) fn decided(self, only_this_machine: bool) -> Self {
        match self.rule {
            OriginRule::Auto if only_this_machine => Self::loopback(),
            OriginRule::Auto => Self::any(),
            _ => self,
        }
    }

    /// Pages from this machine only, and the desktop app's own.
    #[must_use]
    pub fn loopback() -> Self {
        Self {
            rule: OriginRule::Listed(Vec::new()),
            loopback: true,
        }
    }

    /// Whether a page of this origin may use the server.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.rule == OriginRule::Any || self.lists(origin)
    }

    /// Whether it may for more reasons than that every page may.
    pub(crate) fn lists(&self, origin: &str) -> bool {
        let by_name = match &self.rule {
            OriginRule::Auto | OriginRule::Any => false,
            OriginRule::Listed(origins) => origins.iter().any(|o| o.eq_ignore_ascii_case(origin)),
        };
        by_name
            || (self.loopback
                && (kulti_protocol::link::is_loopback(origin) || origin.starts_with("tauri://")))
    }
}

impl FromStr for AllowedOrigins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut loopback = false;
        let mut origins = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            match part {
                "*" => return Ok(Self::any()),
                "auto" => return Ok(Self::auto()),
                "loopback" => loopback = true,
                _ => origins.push(parse_origin(part)?),
            }
        }
        Ok(Self {
            rule: OriginRule::Listed(origins),
            loopback,
        })
    }
}

pub(super) fn parse_origin(text: &str) -> Result<String, String> {
    if !text.contains("://") {
        return Err(format!(
            "{text:?} is no origin: write it like https://live.example.org"
        ));
    }
    kulti_protocol::link::server_origin(text)
        .ok_or_else(|| format!("{text:?} is no origin: write it like https://live.example.org"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn without_a_word_a_server_of_this_machine_serves_its_pages_only() {
        let page = "https://anything.example";
        let own = AllowedOrigins::auto().decided(true);
        assert!(!own.allows(page));
        assert!(own.allows("http://127.0.0.1:4173"));
        assert!(AllowedOrigins::auto().decided(false).allows(page));
        assert!(AllowedOrigins::any().decided(true).allows(page));
        assert!(!AllowedOrigins::any().lists(page));
        assert!(
            "https://kulti.dev"
                .parse::<AllowedOrigins>()
                .unwrap()
                .lists("https://kulti.dev")
        );
    }

    #[test]
    fn origins() {
        let some: AllowedOrigins = "https://kulti.dev, loopback".parse().unwrap();
        assert!(some.allows("https://kulti.dev"));
        assert!(some.allows("http://localhost:5173"));
        assert!(!some.allows("https://evil.example"));
        assert!(!some.allows("http://localhost.evil.example"));
        assert!(!some.allows("null"));
        assert!("kulti.dev".parse::<AllowedOrigins>().is_err());
        assert!(
            "*".parse::<AllowedOrigins>()
                .unwrap()
                .allows("https://anything.example")
        );
        let none: AllowedOrigins = "".parse().unwrap();
        assert!(!none.allows("http://localhost"));
        assert!(AllowedOrigins::loopback().allows("tauri://localhost"));
    }
}
