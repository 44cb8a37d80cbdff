//! TLS: from certificate files, or with a certificate made on the spot for the local
//! network, which clients know by its fingerprint.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use crate::data_folder;

const NETWORK_FILE: &str = "network-tls.pem";

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path} cannot be used: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file holds no certificate or no key.
    #[error("{path} holds no PEM {what}: {reason}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not fit, or cannot be used by rustls.
    #[error("certificate and key cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    Generate(#[from] rcgen::Error),
}

/// TLS with a certificate chain and key from PEM files.
pub(crate) fn from_files(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let chain = certificates(certificate, &read(certificate)?)?;
    let key = private_key(key, &read(key)?)?;
    acceptor(chain, key)
}

/// A certificate of our own, known by its fingerprint alone.
pub(crate) struct OwnCertificate {
    pub(crate) acceptor: TlsAcceptor,
    /// SHA-256 of the certificate (DER), lower-case hex.
    pub(crate) pin: String,
}

/// The certificate for the local network. It is made once and kept, so that links that
/// were given out stay good.
pub(crate) fn own_certificate(data: &Path) -> Result<OwnCertificate, TlsError> {
    let path = data.join(NETWORK_FILE);
    if !path.exists() {
        let made = rcgen::generate_simple_self_signed(vec!["kulti.local".to_owned()])?;
        let pem = format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem());
        data_folder::create_once(&path, pem.as_bytes()).map_err(|source| TlsError::File {
            path: path.clone(),
            source,
        })?;
    }
    let pem = read(&path)?;
    let chain = certificates(&path, &pem)?;
    let pin = chain
        .first()
        .map(|der| fingerprint(der))
        .unwrap_or_default();
    Ok(OwnCertificate {
        acceptor: acceptor(chain, private_key(&path, &pem)?)?,
        pin,
    })
}

fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let error = |reason| TlsError::Pem {
        path: path.to_owned(),
        what: "certificate",
        reason,
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|e| error(e.to_string()))?;
    if chain.is_empty() {
        return Err(error("there is none".to_owned()));
    }
    Ok(chain)
}

fn private_key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|e| TlsError::Pem {
        path: path.to_owned(),
        what: "private key",
        reason: e.to_string(),
    })
}

fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
