//! What is said about a server that does not start.

use std::os::unix::fs::PermissionsExt as _;

use prover::server_process::{ServerProcess, ServerSettings, find_binary};

#[tokio::test]
async fn a_server_that_ends_before_it_is_ready_is_told_with_the_end_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("tabard");
    std::fs::write(&binary, "#!/bin/sh\necho \"no room for $5\" >&2\nexit 3\n").unwrap();
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = ServerSettings {
        binary: find_binary(Some(&binary)).unwrap(),
        data: folder.path().join("data"),
        store: None,
        environment: vec![],
    };
    let error = ServerProcess::start(settings)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("before it was ready"), "{error}");
    assert!(error.contains("no room for --listen"), "{error}");
}

#[test]
fn a_binary_that_is_not_there_is_named() {
    let error = find_binary(Some(std::path::Path::new("/nowhere/tabard"))).unwrap_err();
    assert!(error.to_string().contains("/nowhere/tabard"));
}
