//! Whom a TLS connection trusts: the operating system's roots, or exactly one certificate.

use std::{
    error::Error,
    fmt,
    str::FromStr,
    sync::{Arc, OnceLock},
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::Verifier;
use sha2::{Digest, Sha256};

/// The fingerprint of one certificate: SHA-256 of its DER form. Written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

/// This is no fingerprint of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a certificate's fingerprint has 64 hex digits (SHA-256)")]
pub struct NotAPin;

impl Pin {
    /// The fingerprint of a certificate in DER form.
    #[must_use]
    pub fn of_certificate(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

impl FromStr for Pin {
    type Err = NotAPin;

    /// Takes upper and lower case, and the colons that some tools write.
    fn from_str(text: &str) -> Result<Self, NotAPin> {
        if text.len() > 128 {
            return Err(NotAPin);
        }
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect::<Option<_>>()
            .ok_or(NotAPin)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(NotAPin);
        }
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        bytes.try_into().map(Self).map_err(|_| NotAPin)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whom to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Those that the operating system trusts.
    SystemRoots,
    /// The holder of exactly this certificate, under any name and whatever its
    /// dates: the pin came over a channel that the person trusts.
    Pinned(Pin),
}

/// The TLS settings for HTTP and WebSocket alike.
///
/// # Errors
/// Only if the cryptography's protocol versions do not fit together, which is a
/// fault of the build.
pub fn client_config(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::SystemRoots => Arc::new(SystemRoots {
            provider: provider.clone(),
            verifier: OnceLock::new(),
        }),
        Trust::Pinned(pin) => Arc::new(Pinned {
            pin,
            provider: provider.clone(),
        }),
    };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous() // Both verifiers below verify; the word is rustls' for any of one's own.
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// In words, if `error` comes from a certificate that was not accepted.
#[must_use]
pub fn certificate_refusal(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(
            refusal @ (rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented),
        ) = error.downcast_ref()
        {
            return Some(match refusal {
                rustls::Error::InvalidCertificate(
                    CertificateError::ApplicationVerificationFailure,
                ) => "it is not the one whose fingerprint was given".to_owned(),
                other => other.to_string(),
            });
        }
        next = cause(error);
    }
    None
}

/// What caused an error. An `io::Error` leaves the error that it wraps out of its own
/// chain, so that has to be asked for.
pub(crate) fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error
        .downcast_ref::<std::io::Error>()
        .map(std::io::Error::get_ref)
    {
        Some(Some(wrapped)) => Some(wrapped),
        _ => error.source(),
    }
}

/// Trusts whom the operating system trusts. Its roots are read at the first
/// handshake: a program that only ever talks to its own computer needs none.
#[derive(Debug)]
struct SystemRoots {
    provider: Arc<CryptoProvider>,
    verifier: OnceLock<Result<Verifier, String>>,
}

impl ServerCertVerifier for SystemRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier
            .get_or_init(|| Verifier::new(self.provider.clone()).map_err(|e| e.to_string()))
            .as_ref()
            .map_err(|why| {
                rustls::Error::General(format!(
                    "this computer's root certificates cannot be read ({why}); \
                     on Debian, install the package ca-certificates"
                ))
            })?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Trusts the holder of one certificate and nobody else.
#[derive(Debug)]
struct Pinned {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if Pin::of_certificate(end_entity) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_is_written_and_as_other_tools_write_it() {
        let pin = Pin::of_certificate(b"any bytes");
        assert_eq!(pin.to_string().parse(), Ok(pin));
        let upper = pin.to_string().to_uppercase();
        let colons: Vec<String> = upper
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8(pair.to_vec()).unwrap())
            .collect();
        assert_eq!(colons.join(":").parse(), Ok(pin));
    }

    #[test]
    fn what_is_no_pin_is_refused() {
        for text in [
            "",
            "ab",
            &"ab".repeat(31),
            &"ab".repeat(33),
            &"xy".repeat(32),
            &"a".repeat(63),
        ] {
            assert_eq!(text.parse::<Pin>(), Err(NotAPin), "{text:?}");
        }
    }
}
