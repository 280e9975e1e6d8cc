//! The public calls of the token chain: a secret in the wrong place, spent, ended or made up is
//! answered like one that never was, and does nothing.

use serde_json::json;

use crate::ask::comparable;
use crate::dump;
use crate::world::{BEDS24, Token, in_every_world};

#[tokio::test]
async fn a_secret_in_the_wrong_place_is_as_good_as_none() {
    in_every_world(|world| async move {
        let here = || Token {
            grant: world.full_grant(world.host.id),
            ip: "127.0.0.1",
            hours_ago: 0,
        };
        let good = world.mint(here()).await;
        let revoked = world.mint(here()).await;
        assert!(
            world
                .app
                .app
                .identity
                .revoke(world.host.id, revoked.grant_id, world.app.clock.now())
                .await
                .unwrap()
        );
        let other = world.mint(here()).await;
        let stored = dump::everything(&world.app, world.host.id).await;
        let secrets = [
            ("", "nothing"),
            ("x", "rubbish"),
            (&good.token, "an access token"),
            (&good.invite, "a spent code"),
            (&revoked.refresh_token, "a revoked refresh token"),
            (&revoked.token, "a revoked access token"),
            (&other.invite, "another spent code"),
        ];
        let mut first = None;
        for (method, path, header) in [
            ("GET", "/authentication/setup", "code"),
            ("POST", "/authentication/setup", "code"),
            ("GET", "/authentication/token", "refreshToken"),
            ("DELETE", "/authentication/token", "refreshToken"),
        ] {
            for (secret, what) in secrets {
                for header in [header, "token"] {
                    let path = format!("{BEDS24}{path}");
                    let reply = world
                        .app
                        .send(method, &path, &[(header, secret)], Vec::new())
                        .await;
                    assert_eq!(
                        reply.status,
                        401,
                        "{method} {path} {header}: {what}: {}",
                        reply.text()
                    );
                    assert_eq!(reply.json()["error"], json!("Token not valid"));
                    let seen = comparable(&reply, 0);
                    assert_eq!(
                        *first.get_or_insert_with(|| seen.clone()),
                        seen,
                        "{method} {path}: {what}"
                    );
                }
            }
            let wrong = if header == "code" {
                &good.refresh_token
            } else {
                &good.invite
            };
            let reply = world
                .app
                .send(
                    method,
                    &format!("{BEDS24}{path}"),
                    &[(header, wrong)],
                    Vec::new(),
                )
                .await;
            assert_eq!(reply.status, 401, "{method} {path}");
        }
        assert_eq!(
            dump::difference(&stored, &dump::everything(&world.app, world.host.id).await),
            ""
        );
        let details = format!("{BEDS24}/authentication/details");
        assert_eq!(
            world
                .app
                .send("GET", &details, &[("token", &good.token)], Vec::new())
                .await
                .status,
            200
        );
    })
    .await;
}
