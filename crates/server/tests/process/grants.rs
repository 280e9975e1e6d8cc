//! Grants of Beds24 clients from the command line: given, listed, taken back.

use std::path::Path;

use crate::running::{Running, becomes_true, complained, demo, said, secret_made, tenant_made};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// An operator at work for one tenant.
struct Operator {
    tenant: String,
    /// The store, as commands name it.
    place: [String; 2],
}

impl Operator {
    fn at(tenant: String, flag: &str, place: &str) -> Self {
        Self {
            tenant,
            place: [flag.to_owned(), place.to_owned()],
        }
    }

    fn typed<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        let rest = ["--tenant", &self.tenant, &self.place[0], &self.place[1]];
        [&["beds24"], words, &rest].concat()
    }

    fn said(&self, words: &[&str]) -> String {
        said(&self.typed(words))
    }

    fn complained(&self, words: &[&str]) -> String {
        complained(1, &self.typed(words))
    }

    fn invite(&self, name: &str) -> String {
        let words = ["invite", "--scopes", "all:bookings", "--name", name];
        secret_made(&self.said(&words))
    }

    /// The cells of the line that lists the grant of a client.
    fn listed(&self, name: &str) -> Vec<String> {
        let listing = self.said(&["list"]);
        let mut lines = listing.lines().map(|line| line.split('\t'));
        let is_of = |cell: &str| cell.starts_with(name);
        let line = lines.find(|cells| cells.clone().nth(1).is_some_and(is_of));
        let line = line.unwrap_or_else(|| panic!("no {name}: {listing}"));
        line.map(str::to_owned).collect()
    }

    /// The id of a client's grant.
    fn grant(&self, name: &str) -> String {
        self.listed(name).swap_remove(0)
    }
}

/// What a token opens.
fn status(server: &Running, token: &str) -> u16 {
    let path = "/beds24/v2/bookings";
    server.send("GET", path, &[("token", token)], "").status
}

/// Exchanges a code, and says which tokens came of it: that for calls, and that for more of them.
fn exchanged(server: &Running, code: &str) -> (String, String) {
    let headers = [("code", code), ("deviceName", "Kitchen tablet")];
    let reply = server.send("GET", "/beds24/v2/authentication/setup", &headers, "");
    assert_eq!(reply.status, 200, "{}", reply.body);
    let reply = reply.json();
    let text = |name: &str| reply[name].as_str().unwrap().to_owned();
    (text("token"), text("refreshToken"))
}

#[test]
fn what_a_client_was_given_is_listed_and_ends_for_good_when_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let tenant = tenant_made(&said(&["tenant", "create", "Hotel", "--data", text(&data)]));
    let operator = Operator::at(tenant, "--data", text(&data));
    let none = operator.said(&["list"]);
    assert!(none.starts_with("no grants yet"), "{none}");
    let (manager, spare) = (operator.invite("Manager"), operator.invite("Spare"));
    let words = ["token", "--scopes", "read:bookings", "--name", "Display"];
    let display = secret_made(&operator.said(&words));
    let writes = operator.complained(&["token", "--scopes", "read:bookings,all:inventory"]);
    assert!(writes.contains("all:inventory does more"), "{writes}");
    let invited = operator.listed("Manager");
    assert_eq!(invited[2..4], ["all:bookings", "every property"]);
    assert_eq!((&*invited[5], &*invited[7]), ("not seen", "invited"));

    let server = Running::serve(&data, &[]);
    let (token, refresh) = exchanged(&server, &manager);
    let both = || (status(&server, &token), status(&server, &display));
    assert_eq!(both(), (200, 200));
    let held = operator.listed("Manager");
    assert_eq!(held[1], "Manager (Kitchen tablet)");
    assert!(held[5].starts_with("last seen 20"), "{held:?}");
    assert!(held[6].starts_with("ends 20"), "{held:?}");
    assert_eq!(held[7], "active");
    let served = operator.complained(&["revoke", "--grant", &held[0]]);
    assert!(
        served.contains("another tabard process is using"),
        "{served}"
    );
    assert_eq!(both(), (200, 200));
    assert!(server.stop().success());

    for name in ["Manager", "Spare", "Display"] {
        let taken = operator.said(&["revoke", "--grant", &operator.grant(name)]);
        assert!(taken.contains(name), "{taken}");
        assert!(taken.contains("is taken back"), "{taken}");
        assert_eq!(operator.listed(name)[7], "taken back");
    }
    let unknown = operator.complained(&["revoke", "--grant", "7"]);
    assert!(unknown.contains("has no grant 7"), "{unknown}");
    let server = Running::serve(&data, &[]);
    assert_eq!(status(&server, &token), 401);
    assert_eq!(status(&server, &display), 401);
    for (path, header, secret) in [
        ("/beds24/v2/authentication/token", "refreshToken", &refresh),
        ("/beds24/v2/authentication/setup", "code", &spare),
    ] {
        let reply = server.send("GET", path, &[(header, secret)], "");
        assert_eq!(reply.status, 401, "{path}: {}", reply.body);
    }
}

#[test]
fn nothing_is_taken_back_of_another_tenant_or_of_an_app_of_another_dialect() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Running::start(&data, &[]).stop().success());
    let demo = demo(&data);
    let own = demo["tabard"]["tenant_id"].to_string();
    let place = ["--data", text(&data)];
    let other = tenant_made(&said(&["tenant", "create", "Hotel", place[0], place[1]]));
    let listing = ["app", "installations", "--tenant", &own, place[0], place[1]];
    let installed = said(&listing);
    let app = installed.split('\t').next().unwrap();
    let operator = Operator::at(own, place[0], place[1]);
    let stranger = Operator::at(other, place[0], place[1]);
    let grant = operator.grant("demo client");
    for (who, grant) in [(&stranger, &*grant), (&operator, app)] {
        let refused = who.complained(&["revoke", "--grant", grant]);
        let expected = format!("tenant {} has no grant {grant}", who.tenant);
        assert!(refused.contains(&expected), "{refused}");
    }
    assert_eq!(operator.listed("demo client")[7], "invited");
    let nobody = Operator::at("7".to_owned(), place[0], place[1]);
    let nobody = nobody.complained(&["list"]);
    assert!(nobody.contains("there is no tenant 7"), "{nobody}");
    let server = Running::serve(&data, &[]);
    let key = demo["bookingexperts"]["api_key"].as_str().unwrap();
    let path = "/bookingexperts/v3/subscription";
    let reply = server.send("GET", path, &[("x-api-key", key)], "");
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn a_server_on_postgresql_goes_on_and_follows_what_is_taken_back_beside_it() {
    let Some(home) = testkit::TestStore::postgres().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let url = home.url().unwrap();
    let server = Running::start(&data, &["--store", url]);
    let tenant = demo(&data)["tabard"]["tenant_id"].to_string();
    let operator = Operator::at(tenant, "--store", url);
    let (token, refresh) = exchanged(&server, &operator.invite("Guest"));
    let (kept, _) = exchanged(&server, &operator.invite("Friend"));
    assert_eq!(status(&server, &token), 200);
    let taken = operator.said(&["revoke", "--grant", &operator.grant("Guest")]);
    assert!(taken.contains("token_cache_s"), "{taken}");
    // What mints tokens asks the store each time.
    let headers = [("refreshToken", refresh.as_str())];
    let path = "/beds24/v2/authentication/token";
    assert_eq!(server.send("GET", path, &headers, "").status, 401);
    assert!(becomes_true(|| status(&server, &token) == 401));
    assert_eq!(status(&server, &kept), 200);
    assert!(server.stop().success());
    home.finish().await;
}
