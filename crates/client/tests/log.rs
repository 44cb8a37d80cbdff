//! What a program's log holds when everything is traced. A program of its own: what
//! libraries log goes to one place in each.
#![allow(clippy::unwrap_used)]

use std::{
    io,
    sync::{Arc, Mutex},
};

use kulti_client::drivers::log_filter::without_secrets;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tracing_subscriber::{
    EnvFilter, Layer, filter::FilterExt, fmt::MakeWriter, layer::SubscriberExt,
    util::SubscriberInitExt,
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A WebSocket handshake with a token in its address, with somebody who refuses it.
async fn handshake_with_token() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let refusing = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        let _read = caller.read(&mut [0; 1024]).await.unwrap();
        let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        caller.write_all(answer).await.unwrap();
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/v2/ws?token=TOP-SECRET");
    tokio_tungstenite::client_async(url, stream)
        .await
        .unwrap_err();
    refusing.await.unwrap();
}

#[tokio::test]
async fn tokens_stay_out_of_a_log_that_is_asked_for_everything() {
    let (all, ours) = (Log::default(), Log::default());
    let everything = || EnvFilter::new("trace,tungstenite::handshake::client=trace");
    tracing_subscriber::registry()
        .with(
            tracing_subscriber::fmt::layer()
                .with_writer(all.clone())
                .with_filter(everything()),
        )
        .with(
            tracing_subscriber::fmt::layer()
                .with_writer(ours.clone())
                .with_filter(everything().and(without_secrets())),
        )
        .init();

    handshake_with_token().await;
    tracing::trace!("traced by us");

    assert!(all.text().contains("TOP-SECRET"), "else this shows nothing");
    let ours = ours.text();
    assert!(!ours.contains("TOP-SECRET"), "{ours}");
    assert!(ours.contains("traced by us"), "{ours}");
}
