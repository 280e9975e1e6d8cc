//! What else is made from the table: the document and the rows.

use http_kit::{Access, Api};

use crate::toy::{Toy, document, endpoints, house};

#[test]
fn the_document_of_a_table_is_always_the_same() {
    let make = || Api::new(Toy, endpoints()).document(&document());
    let mut turned = endpoints();
    turned.reverse();
    let turned = Api::new(Toy, turned).document(&document());
    let text = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
    assert_eq!(text(&make()), text(&make()));
    assert_eq!(text(&make()), text(&turned));
    insta::assert_snapshot!("document", text(&make()));
}

#[tokio::test]
async fn a_dialect_serves_its_own_document() {
    let got = house().ask("GET", "/toy/v2/openapi.json", &[], "").await;
    assert_eq!(got.json(), Api::new(Toy, endpoints()).document(&document()));
}

#[test]
fn the_rows_name_every_endpoint_with_its_access_and_cost() {
    let rows = Api::new(Toy, endpoints()).rows();
    let row = |method: &str, path: &str| {
        let found = rows
            .iter()
            .find(|row| row.method == method && row.path == path);
        found.cloned().unwrap()
    };
    assert_eq!(rows.len(), endpoints().len());
    assert_eq!(row("GET", "/about").access, Access::Public);
    assert_eq!(row("GET", "/broken").access, Access::AnyCaller);
    let write = row("POST", "/things");
    assert_eq!(
        write.access,
        Access::Needs(vec![domain::access::capability::BOOKINGS_WRITE])
    );
    assert_eq!(write.cost.of(2).to_string(), "1.2");
    assert!(write.accepts_idempotency);
}

#[test]
#[should_panic(expected = "GET /things stands twice in the table")]
fn a_table_with_an_endpoint_twice_is_refused() {
    let _ = Api::new(Toy, [endpoints(), endpoints()].concat());
}
