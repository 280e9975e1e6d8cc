//! People: signing in and out, throttles, sessions, forms, and forgotten passwords.

use async_trait::async_trait;
use domain::access::{Capabilities, Reach};
use http::{HeaderMap, StatusCode};
use identity::users::{
    NewUser, NotPosted, Postbox, ResetMail, ResetRefused, SignInRefused, UserRefused, csrf,
};
use jiff::Timestamp;
use parking_lot::Mutex;
use testkit::stores;

use crate::house::*;

const NEW: &str = "another dozen letters";

/// What a browser would send back as its cookie of this name.
fn cookie_of(reply: &identity::oauth::Reply, name: &str) -> Option<String> {
    let mut set = reply.headers().get_all("set-cookie").iter();
    let line = set.find_map(|line| {
        let line = line.to_str().unwrap();
        line.strip_prefix(&format!("{name}="))
    })?;
    Some(line.split(';').next().unwrap().to_owned())
}

/// What stands in a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let from = page.find(&format!("name=\"{name}\"")).unwrap();
    let rest = page[from..].split_once("value=\"").unwrap().1;
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn the_way_leads_through_the_sign_in_form_to_consent() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let query = house.request().encoded();
        let page = house.oauth.authorize(&query, None, &mut rng()).await;
        assert_eq!(page.status(), StatusCode::OK);
        let browser = cookie_of(&page, "__Host-tabard_form").unwrap();
        let form = house
            .request()
            .with(csrf::FIELD, &hidden(page.body(), csrf::FIELD))
            .with("email", " ADA@hotel.example")
            .with("password", PASSWORD);
        let send = async |form: &Pairs, browser: Option<&str>| {
            let body = form.encoded();
            let occasion = at(start());
            let oauth = &house.oauth;
            oauth
                .sign_in(body.as_bytes(), browser, None, &occasion, &mut rng())
                .await
        };
        // Nobody signs a stranger's browser in with an account of theirs.
        for (form, browser) in [
            (form.clone(), None),
            (form.clone(), Some("another")),
            (form.clone().without(csrf::FIELD), Some(browser.as_str())),
        ] {
            let refused = send(&form, browser).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
            assert!(cookie_of(&refused, "__Host-tabard_session").is_none());
        }
        let wrong = send(&form.clone().set("password", "x"), Some(&browser)).await;
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body().contains("not the right email and password"));
        assert!(!wrong.body().contains("value=\"x\""));
        let signed_in = send(&form, Some(&browser)).await;
        assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
        let place = signed_in.headers()["location"].to_str().unwrap();
        assert!(place.starts_with(&format!("{ISSUER}/oauth/authorize?response_type=code")));
        assert!(!place.contains("password"));
        let session = cookie_of(&signed_in, "__Host-tabard_session").unwrap();
        let users = house.identity.users();
        let who = users.signed_in(&session, start()).await.unwrap().unwrap();
        assert_eq!(who.user_id, house.user_id);
        let page = house.oauth.authorize(&query, Some(&who), &mut rng()).await;
        assert!(page.body().contains("Allow"));
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_sign_in_form_leads_nowhere_but_back_to_the_request() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let page = house
            .oauth
            .authorize(&house.request().encoded(), None, &mut rng())
            .await;
        let browser = cookie_of(&page, "__Host-tabard_form").unwrap();
        let form = Pairs::default()
            .with(csrf::FIELD, &hidden(page.body(), csrf::FIELD))
            .with("email", EMAIL)
            .with("password", PASSWORD)
            .with("return_to", "https://evil.example/")
            .with("next", "//evil.example/");
        let body = form.encoded();
        let reply = house
            .oauth
            .sign_in(
                body.as_bytes(),
                Some(&browser),
                None,
                &at(start()),
                &mut rng(),
            )
            .await;
        let place = reply.headers()["location"].to_str().unwrap();
        assert_eq!(place, format!("{ISSUER}/oauth/authorize"));
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_new_session_ends_the_one_that_was_planted() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let users = house.identity.users();
        let planted = house.signed_in(start()).await;
        let secret = planted.secret.reveal();
        let sign_in = users
            .sign_in(EMAIL, PASSWORD, Some(secret), &at(start()), &mut rng())
            .await;
        let fresh_one = sign_in.unwrap();
        assert_ne!(fresh_one.secret, planted.secret);
        assert!(users.signed_in(secret, start()).await.unwrap().is_none());
        let live = fresh_one.secret.reveal();
        assert!(users.signed_in(live, start()).await.unwrap().is_some());
        users.sign_out(live).await.unwrap();
        assert!(users.signed_in(live, start()).await.unwrap().is_none());
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_after_half_a_day() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let users = house.identity.users();
        let hour = 3_600;
        let unused = house.signed_in(start()).await;
        let used = house.signed_in(start()).await;
        let is_in = async |session: &identity::users::SignedIn, seconds| {
            let found = users
                .signed_in(session.secret.reveal(), after(seconds))
                .await;
            found.unwrap().is_some()
        };
        for hours in 1..12 {
            assert!(is_in(&used, hours * hour).await, "{hours}");
        }
        assert!(!is_in(&used, 12 * hour).await);
        assert!(!is_in(&unused, 2 * hour).await);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn guessing_is_throttled_and_the_right_password_too_until_then() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let users = house.identity.users();
        let attempt = async |password: &str, seconds| {
            let occasion = at(after(seconds));
            users
                .sign_in(EMAIL, password, None, &occasion, &mut rng())
                .await
                .map(|_| ())
        };
        for _ in 0..5 {
            assert_eq!(attempt("guess", 0).await, Err(SignInRefused::Wrong));
        }
        let throttled = Err(SignInRefused::Throttled { wait_s: 60 });
        assert_eq!(attempt("guess", 0).await, throttled);
        assert_eq!(attempt(PASSWORD, 0).await, throttled);
        let query = house.request().encoded();
        let page = house.oauth.authorize(&query, None, &mut rng()).await;
        let browser = cookie_of(&page, "__Host-tabard_form").unwrap();
        let form = Pairs::of(&[("email", EMAIL), ("password", PASSWORD)])
            .with(csrf::FIELD, &hidden(page.body(), csrf::FIELD))
            .encoded();
        let now = at(start());
        let page = house
            .oauth
            .sign_in(form.as_bytes(), Some(&browser), None, &now, &mut rng())
            .await;
        assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(page.headers()["retry-after"], "60");
        assert_eq!(attempt(PASSWORD, 60).await, Ok(()));
        fresh.finish().await;
    }
}

#[tokio::test]
async fn who_has_no_account_or_a_closed_one_is_answered_like_who_is_wrong() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let users = house.identity.users();
        users
            .close(house.user_id, &at(start()))
            .await
            .unwrap()
            .unwrap();
        for email in [EMAIL, "nobody@hotel.example", "rubbish", ""] {
            let refused = users
                .sign_in(email, PASSWORD, None, &at(start()), &mut rng())
                .await;
            assert_eq!(refused.unwrap_err(), SignInRefused::Wrong, "{email}");
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn another_account_can_be_used_by_a_form_of_ones_own_only() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let signed_in = house.signed_in(start()).await;
        let session = signed_in.secret.reveal();
        let form = house.request();
        let forged = form.clone().with(csrf::FIELD, "AAAA").encoded();
        let refused = house.oauth.sign_out(forged.as_bytes(), Some(session)).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let users = house.identity.users();
        assert!(users.signed_in(session, start()).await.unwrap().is_some());
        let token = csrf::token(&signed_in.secret, "sign out");
        let own = form.with(csrf::FIELD, &token).encoded();
        let done = house.oauth.sign_out(own.as_bytes(), Some(session)).await;
        assert_eq!(done.status(), StatusCode::SEE_OTHER);
        assert_eq!(
            cookie_of(&done, "__Host-tabard_session").as_deref(),
            Some("")
        );
        assert!(users.signed_in(session, start()).await.unwrap().is_none());
        fresh.finish().await;
    }
}

/// A postbox that keeps what it gets, or takes nothing.
#[derive(Default)]
struct Letters {
    mails: Mutex<Vec<ResetMail>>,
    is_broken: bool,
}

#[async_trait]
impl Postbox for Letters {
    async fn post(&self, mail: ResetMail) -> Result<(), NotPosted> {
        if self.is_broken {
            return Err(NotPosted("no".to_owned()));
        }
        self.mails.lock().push(mail);
        Ok(())
    }
}

async fn post(house: &House, postbox: &Letters, now: Timestamp) -> usize {
    let users = house.identity.users();
    users.post_waiting(postbox, now, &mut rng()).await.unwrap()
}

async fn ask(house: &House, email: &str) {
    let users = house.identity.users();
    let asked = users
        .ask_reset(email, Vec::new(), &at(start()), &mut rng())
        .await;
    asked.unwrap();
}

#[tokio::test]
async fn a_mailed_token_sets_a_password_once_and_ends_every_session() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let users = house.identity.users();
        let session = house.signed_in(start()).await;
        ask(&house, "nobody@hotel.example").await;
        ask(&house, "ADA@hotel.example ").await;
        let postbox = Letters::default();
        assert_eq!(post(&house, &postbox, start()).await, 1);
        assert_eq!(post(&house, &postbox, start()).await, 0, "once");
        let mail = postbox.mails.lock().remove(0);
        assert_eq!(mail.to, EMAIL);
        assert_eq!(format!("{:?}", mail.token), "Secret(..)");
        let link = house.oauth.new_password_link(&mail);
        let query = link.split_once('?').unwrap().1;
        let page = house.oauth.new_password_page(query);
        assert_eq!(hidden(page.body(), "token"), mail.token.reveal());
        let token = mail.token.reveal();
        let set = async |password: &str, seconds| {
            let occasion = at(after(seconds));
            users
                .reset_password(token, password, &occasion, &mut rng())
                .await
        };
        assert_eq!(
            set("short", 0).await,
            Err(ResetRefused::User(UserRefused::Password))
        );
        assert_eq!(set(NEW, 3_600).await, Err(ResetRefused::Token), "ended");
        assert_eq!(set(NEW, 3_599).await, Ok(()));
        assert_eq!(set(NEW, 3_599).await, Err(ResetRefused::Token), "used");
        let cookie = session.secret.reveal();
        assert!(users.signed_in(cookie, start()).await.unwrap().is_none());
        let old = users
            .sign_in(EMAIL, PASSWORD, None, &at(start()), &mut rng())
            .await;
        assert_eq!(old.unwrap_err(), SignInRefused::Wrong);
        let new = users
            .sign_in(EMAIL, NEW, None, &at(start()), &mut rng())
            .await;
        assert!(new.is_ok());
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_mail_that_was_not_taken_is_tried_again_with_another_token() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        ask(&house, EMAIL).await;
        let broken = Letters {
            is_broken: true,
            ..Letters::default()
        };
        assert_eq!(post(&house, &broken, start()).await, 0);
        let postbox = Letters::default();
        assert_eq!(
            post(&house, &postbox, after(30)).await,
            0,
            "somebody is at it"
        );
        assert_eq!(post(&house, &postbox, after(61)).await, 1);
        let users = house.identity.users();
        let mail = postbox.mails.lock().remove(0);
        let set = users
            .reset_password(mail.token.reveal(), NEW, &at(after(70)), &mut rng())
            .await;
        assert_eq!(set, Ok(()));
        for guess in ["", "A", &"A".repeat(43)] {
            let refused = users
                .reset_password(guess, NEW, &at(after(70)), &mut rng())
                .await;
            assert_eq!(refused, Err(ResetRefused::Token));
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn one_user_has_three_mails_on_the_way_at_most_and_a_set_password_ends_them() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        for _ in 0..5 {
            ask(&house, EMAIL).await;
        }
        let users = house.identity.users();
        let sixth = users
            .ask_reset(EMAIL, Vec::new(), &at(start()), &mut rng())
            .await;
        assert!(matches!(sixth, Err(SignInRefused::Throttled { .. })));
        let postbox = Letters::default();
        assert_eq!(post(&house, &postbox, start()).await, 3);
        let set = users
            .set_password(house.user_id, NEW, &at(start()), &mut rng())
            .await;
        set.unwrap().unwrap();
        let mails = std::mem::take(&mut *postbox.mails.lock());
        for mail in mails {
            let late = users
                .reset_password(mail.token.reveal(), NEW, &at(start()), &mut rng())
                .await;
            assert_eq!(late, Err(ResetRefused::Token));
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn the_pages_for_a_forgotten_password_do_what_they_say() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        assert!(
            house
                .oauth
                .forgotten_page()
                .body()
                .contains("Send me a link")
        );
        let answers: Vec<String> = {
            let mut answers = Vec::new();
            for email in [EMAIL, "nobody@hotel.example"] {
                let form = Pairs::of(&[("email", email)]).encoded();
                let page = house
                    .oauth
                    .forgotten(form.as_bytes(), &HeaderMap::new(), &at(start()), &mut rng())
                    .await;
                answers.push(page.into_body());
            }
            answers
        };
        assert_eq!(answers[0], answers[1], "nobody learns who has an account");
        let postbox = Letters::default();
        post(&house, &postbox, start()).await;
        let token = postbox.mails.lock().remove(0).token;
        let send = async |password: &str| {
            let form = Pairs::of(&[("token", token.reveal()), ("password", password)]).encoded();
            house
                .oauth
                .new_password(form.as_bytes(), &at(start()), &mut rng())
                .await
        };
        let short = send("short").await;
        assert_eq!(short.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(hidden(short.body(), "token"), token.reveal());
        assert_eq!(send(NEW).await.status(), StatusCode::OK);
        assert_eq!(send(NEW).await.status(), StatusCode::BAD_REQUEST);
        for query in ["", "token=", "token=a&token=b"] {
            let page = house.oauth.new_password_page(query);
            assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{query}");
        }
        let headers = HeaderMap::new();
        assert!(house.oauth.session_cookie().read(&headers).is_none());
        fresh.finish().await;
    }
}

#[tokio::test]
async fn what_cannot_be_an_account_is_not_made() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let users = house.identity.users();
        let good = || NewUser {
            tenant_id: house.hotel.tenant_id,
            email: "bob@hotel.example".to_owned(),
            name: "Bob".to_owned(),
            capabilities: Capabilities::everything(Reach::Tenant),
            organizations: None,
        };
        let with = |change: fn(&mut NewUser, &House)| {
            let mut user = good();
            change(&mut user, &house);
            user
        };
        let cases = [
            (
                with(|u, _| u.email = "bob".into()),
                None,
                UserRefused::Email,
            ),
            (
                with(|u, _| u.email = " ADA@HOTEL.example".into()),
                None,
                UserRefused::EmailTaken,
            ),
            (with(|u, _| u.name = " ".into()), None, UserRefused::Name),
            (
                with(|u, _| u.tenant_id = domain::id::Id::new(77).unwrap()),
                None,
                UserRefused::NotFound,
            ),
            (
                with(|u, h| u.organizations = Some(vec![h.vendor.organization_id])),
                None,
                UserRefused::Organizations,
            ),
            (good(), Some("eleven char"), UserRefused::Password),
        ];
        for (user, password, refused) in cases {
            let made = users.create(user, password, &at(start()), &mut rng()).await;
            assert_eq!(made.unwrap(), Err(refused));
        }
        let made = users.create(good(), None, &at(start()), &mut rng()).await;
        let id = made.unwrap().unwrap();
        let without = users
            .sign_in("bob@hotel.example", "", None, &at(start()), &mut rng())
            .await;
        assert_eq!(without.unwrap_err(), SignInRefused::Wrong);
        let tenant_id = house.hotel.tenant_id;
        assert_eq!(users.of_tenant(tenant_id).await.unwrap().len(), 2);
        let dismissed = users.dismiss(tenant_id, id, &at(start())).await;
        dismissed.unwrap().unwrap();
        let again = users.dismiss(tenant_id, id, &at(start())).await;
        assert_eq!(again.unwrap(), Err(UserRefused::NotFound));
        assert_eq!(users.of_tenant(tenant_id).await.unwrap().len(), 1);
        fresh.finish().await;
    }
}
