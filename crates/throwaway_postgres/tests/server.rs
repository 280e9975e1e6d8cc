//! A real server, started, killed, started again, and gone afterwards.

#![cfg(test)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use throwaway_postgres::ThrowawayPostgres;
use tokio_postgres::{Client, NoTls};

async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn setting(client: &Client, name: &str) -> String {
    let row = client
        .query_one(&format!("SHOW {name}"), &[])
        .await
        .unwrap();
    row.get(0)
}

async fn folder_of(client: &Client) -> PathBuf {
    PathBuf::from(setting(client, "data_directory").await)
}

fn wait_until_gone(path: &Path) {
    let gone = (0..3_000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        !path.exists()
    });
    assert!(gone, "{} is still there", path.display());
}

#[tokio::test]
async fn what_was_committed_survives_kill_and_restart_and_nothing_is_left_at_the_end() {
    let mut postgres = ThrowawayPostgres::start_with(&[("work_mem", "7MB")]).unwrap();
    let client = connect(&postgres.address()).await;
    assert_eq!(setting(&client, "fsync").await, "on");
    assert_eq!(setting(&client, "synchronous_commit").await, "on");
    assert_eq!(setting(&client, "work_mem").await, "7MB");
    let folder = folder_of(&client).await;
    client.batch_execute("CREATE DATABASE fresh").await.unwrap();

    let address = postgres.address_of("fresh");
    let client = connect(&address).await;
    client
        .batch_execute("CREATE TABLE kept (id bigint)")
        .await
        .unwrap();
    for round in 0..3_i64 {
        let client = connect(&address).await;
        client
            .execute("INSERT INTO kept VALUES ($1)", &[&round])
            .await
            .unwrap();
        match round {
            0 => postgres.kill().unwrap(),
            1 => postgres.stop_immediately().unwrap(),
            _ => postgres.stop().unwrap(),
        }
        assert!(!postgres.is_running());
        assert!(client.query_one("SELECT 1", &[]).await.is_err());
        postgres.start_again().unwrap();
        let client = connect(&address).await;
        let row = client
            .query_one("SELECT count(*) FROM kept", &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, i64>(0), round + 1);
    }

    drop(postgres);
    assert!(!folder.exists());
    assert!(tokio_postgres::connect(&address, NoTls).await.is_err());
}

#[tokio::test]
async fn a_stranger_without_the_password_is_kept_out() {
    let postgres = ThrowawayPostgres::start().unwrap();
    let forged = postgres
        .address()
        .replace("postgres://tabard:", "postgres://tabard:x");
    assert!(tokio_postgres::connect(&forged, NoTls).await.is_err());
}

#[test]
fn a_setting_that_does_not_exist_fails_with_the_log() {
    let failed = ThrowawayPostgres::start_with(&[("frobnicate", "on")]).unwrap_err();
    assert!(failed.to_string().contains("frobnicate"), "{failed}");
}

#[test]
fn a_server_whose_owner_was_killed_is_taken_away_all_the_same() {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "owner_that_waits_to_be_killed",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let folder = lines.find_map(|line| {
        line.split_once("folder ")
            .map(|(_, folder)| folder.to_owned())
    });
    let folder = PathBuf::from(folder.unwrap());
    assert!(folder.exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until_gone(&folder);
}

#[tokio::test]
#[ignore = "runs inside the test before it, in a process of its own"]
async fn owner_that_waits_to_be_killed() {
    let postgres = ThrowawayPostgres::start().unwrap();
    let client = connect(&postgres.address()).await;
    println!("folder {}", folder_of(&client).await.display());
    tokio::time::sleep(Duration::from_secs(60)).await;
}
