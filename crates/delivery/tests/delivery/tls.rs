//! A receiver must show a certificate for the name that was subscribed, whatever its address.

use std::sync::Arc;

use bytes::Bytes;
use delivery::carry::{Carrier, Parcel, tls_with};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use service::outgoing::target::Target;
use tokio::{io::AsyncWriteExt as _, net::TcpListener};
use tokio_rustls::TlsAcceptor;

use super::{
    receiver::read,
    world::{Names, rules, times},
};

/// A certificate for `hook.test` that nobody else believes, good for a hundred years, with its key.
const CERTIFICATE: &[u8] = include_bytes!("hook.test.pem");
const KEY: &[u8] = include_bytes!("hook.test.key.pem");

#[tokio::test]
async fn only_a_certificate_of_the_subscribed_name_is_believed() {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            if read(&mut stream).await.is_some() {
                let answer = b"HTTP/1.1 204 X\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                stream.shutdown().await.ok();
            }
        }
    });
    let names = Names::default();
    for name in ["hook.test", "other.test"] {
        names.lead(name, &[&["127.0.0.1"]]);
    }
    let names = Arc::new(names);
    let mut believed = RootCertStore::empty();
    believed.add(certificate).unwrap();
    let send = |host: &'static str, roots: RootCertStore| {
        let carrier = Carrier::new(
            rules(),
            times(),
            Arc::clone(&names) as _,
            tls_with(roots).unwrap(),
        );
        let target = Target::parse(&format!("https://{host}:{port}/"), carrier.rules()).unwrap();
        let parcel = Parcel {
            target,
            headers: Vec::new(),
            body: Bytes::from_static(b"{}"),
            answer_bytes: 2_000,
        };
        async move { carrier.send(&parcel).await }
    };
    assert_eq!(
        send("hook.test", believed.clone()).await.unwrap().status,
        204
    );
    let other = send("other.test", believed.clone()).await.unwrap_err();
    assert_eq!(other.word, "tls", "{other}");
    let address = send("127.0.0.1", believed).await.unwrap_err();
    assert_eq!(address.word, "tls", "{address}");
    let stranger = send("hook.test", RootCertStore::empty()).await.unwrap_err();
    assert_eq!(stranger.word, "tls", "{stranger}");
}
