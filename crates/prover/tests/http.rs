//! The HTTP client against a real server.

mod fake;

use prover::http::{Connection, HttpError, Request, Target};

#[tokio::test]
async fn one_connection_carries_many_requests_of_any_size() {
    let demo = fake::start(true).await;
    let mut connection = Connection::to(Target::parse(&demo.url).unwrap());
    for size in [0, 1, 1000, 100_000, 1_000_000] {
        let body = vec![b'x'; size];
        let answer = connection
            .send(Request::post("/echo", &[], &body))
            .await
            .unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, size));
    }
    let mut streamed = 0;
    let body = vec![b'x'; 500_000];
    let answer = connection
        .send_streaming(Request::post("/echo", &[], &body), |piece| {
            streamed += piece.len();
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.body.len(), streamed),
        (200, 0, 500_000)
    );
}

#[tokio::test]
async fn an_address_where_nobody_listens_was_never_sent_to() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut connection = Connection::to(Target::parse(&url).unwrap());
    let outcome = connection.send(Request::get("/", &[])).await;
    assert!(
        matches!(outcome, Err(HttpError::Connect { .. })),
        "{outcome:?}"
    );
}
