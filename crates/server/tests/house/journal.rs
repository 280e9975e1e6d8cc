//! The journal over HTTP.

use testkit::in_every_app;

const JOURNAL: &str = "/tabard/v1/journal";

#[tokio::test]
async fn the_journal_is_what_the_checker_reads() {
    in_every_app(|app| async move {
        let reply = app.get(JOURNAL).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, "application/x-ndjson")
        );
        let mut checker = journal::Checker::new();
        for line in reply.text().lines() {
            checker.feed(line.as_bytes()).unwrap();
        }
        assert_eq!(checker.finish().unwrap().lanes, 2);
        let one = app
            .get(&format!("{JOURNAL}?lane={}", app.room_ids[1]))
            .await;
        assert_eq!(one.text().lines().count(), 1);
        assert!(one.text().contains(&app.room_ids[1].to_string()));
        assert_eq!(
            app.get(&format!("{JOURNAL}?lane=nothing")).await.status,
            400
        );
    })
    .await;
}

#[tokio::test]
async fn only_who_may_read_the_account_as_a_whole_reads_its_journal() {
    in_every_app(|app| async move {
        let status = async |token: String| {
            app.send("GET", JOURNAL, &[("token", &token)], Vec::new())
                .await
                .status
        };
        let lacking = app.token_for(app.tenant_id, &["all:bookings"]).await;
        assert_eq!(status(lacking).await, 403);
        let mut part = app.grant(app.tenant_id, &["read:accounts"]);
        part.organizations = Some(vec![app.property_id]);
        assert_eq!(status(app.token_of(part).await).await, 403);
        assert_eq!(status("nonsense".to_owned()).await, 401);
        assert_eq!(app.send("GET", JOURNAL, &[], Vec::new()).await.status, 401);
        let stranger = app.another_tenant(true).await;
        let stranger = app.token_for(stranger, &["read:accounts"]).await;
        let reply = app
            .send("GET", JOURNAL, &[("token", &stranger)], Vec::new())
            .await;
        assert_eq!((reply.status, reply.text().as_str()), (200, ""));
    })
    .await;
}
