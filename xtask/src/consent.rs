//! Asking before anything outside the checkout is changed.

use std::env;
use std::io::{self, IsTerminal, Write};

use anyhow::Result;

/// How questions are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// `--yes` or CI=true: every answer is yes.
    Given,
    /// A person sits at the terminal.
    Ask,
    /// Nobody is there to ask: every answer is no.
    Nobody,
}

impl Consent {
    /// From the command line and the surroundings.
    pub(crate) fn from_surroundings(yes: bool) -> Self {
        if yes || env::var("CI").is_ok_and(|value| value == "true") {
            Self::Given
        } else if io::stdin().is_terminal() {
            Self::Ask
        } else {
            Self::Nobody
        }
    }

    /// Whether `question` is answered with yes.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub(crate) fn allows(self, question: &str) -> Result<bool> {
        match self {
            Self::Given => Ok(true),
            Self::Nobody => Ok(false),
            Self::Ask => {
                print!("{question} [Y/n] ");
                io::stdout().flush()?;
                let mut answer = String::new();
                // At the end of input nobody has agreed to anything.
                let read = io::stdin().read_line(&mut answer)?;
                let answer = answer.trim();
                Ok(read > 0 && (answer.is_empty() || answer.starts_with(['y', 'Y'])))
            }
        }
    }
}
