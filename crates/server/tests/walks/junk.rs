//! Bad input for bodies.

use serde_json::{Value, json};

/// Bodies that no endpoint can take, whatever it expects.
pub fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str, times: usize| {
        [open.repeat(times), close.repeat(times)]
            .concat()
            .into_bytes()
    };
    vec![
        ("nothing", Vec::new()),
        ("white space", b" \n\t ".to_vec()),
        ("words", b"this is no JSON".to_vec()),
        ("a form", b"roomId=1&arrival=2026-12-01".to_vec()),
        ("a broken array", b"[{".to_vec()),
        ("an array without end", b"[{},".to_vec()),
        ("a comma too many", b"[{},]".to_vec()),
        ("two values", b"[{}] [{}]".to_vec()),
        ("single quotes", b"[{'id': 1}]".to_vec()),
        ("a bare NaN", b"[{\"id\": NaN}]".to_vec()),
        (
            "a number without end",
            [b"[{\"id\": ", "9".repeat(100_000).as_bytes(), b"e999999}"].concat(),
        ),
        ("invalid UTF-8", b"[{\"firstName\": \"\xff\xfe\"}]".to_vec()),
        ("invalid UTF-8 in a name", b"[{\"\xc3\x28\": 1}]".to_vec()),
        (
            "an overlong slash",
            b"[{\"firstName\": \"\xc0\xaf\"}]".to_vec(),
        ),
        (
            "a surrogate in UTF-8",
            b"[{\"firstName\": \"\xed\xa0\x80\"}]".to_vec(),
        ),
        (
            "a byte order mark of another encoding",
            b"\xfe\xff\x00[\x00]".to_vec(),
        ),
        ("arrays a thousand deep", deep("[", "]", 1_000)),
        ("objects a thousand deep", deep("{\"a\":", "}", 1_000)),
        (
            "an item a thousand deep",
            deep("[{\"infoItems\":", "}]", 1_000),
        ),
        ("a hundred thousand brackets", b"[".repeat(100_000)),
        (
            "an unescaped line break",
            b"[{\"firstName\": \"a\nb\"}]".to_vec(),
        ),
        ("a zero byte", b"[{\"id\": 1}]\0".to_vec()),
    ]
}

/// Bodies that are JSON and not what an endpoint with an array takes.
pub fn no_arrays() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("an object", b"{}".to_vec()),
        (
            "an item that is not in an array",
            b"{\"id\": 1, \"name\": \"x\", \"to\": 5}".to_vec(),
        ),
        ("null", b"null".to_vec()),
        ("a number", b"7".to_vec()),
        ("a text", b"\"x\"".to_vec()),
        ("true", b"true".to_vec()),
        (
            "10,001 items",
            format!("[{}{{}}]", "{},".repeat(10_000)).into_bytes(),
        ),
    ]
}

/// Items that are none, or hold what no text can hold.
pub fn no_items() -> Vec<&'static str> {
    vec![
        "1",
        "-1.5e300",
        "\"x\"",
        "true",
        "null",
        "[]",
        "[{}]",
        r#"{"id": 1e400}"#,
        r#"{"id": "\ud800"}"#,
        r#"{"id": 7, "firstName": "\udc00\ud800", "name": "\udfff"}"#,
        r#"{"id": 7, "\ud800": 1}"#,
        r#"{"id": 7, "id": 8}"#,
        r#"{"roomId": 7, "roomId": 8, "arrival": "2026-12-01", "arrival": "2026-12-02", "departure": "2026-12-03"}"#,
        r#"{"id": 7, "roomTypes": [{"id": 1, "id": 2}], "invoiceItems": [{"id": 1, "id": 2}]}"#,
        r#"{"roomId": 99999999999999999999999999, "arrival": "2026-12-01", "departure": "2026-12-02"}"#,
        r#"{"id": -1}"#,
        r#"{"id": 0}"#,
        r#"{"id": 9007199254740992}"#,
        r#"{"id": "7"}"#,
        r#"{"id": 7.5}"#,
        r#"{"id": []}"#,
        r#"{"id": 7, "calendar": 5, "roomTypes": 5, "invoiceItems": 5, "actions": 5}"#,
        r#"{"roomId": 7, "calendar": [{"from": "9999999-01-01", "to": "9999999-12-31", "price1": 1}]}"#,
        r#"{"roomId": 7, "arrival": "9999999-01-01", "departure": "9999999-01-02"}"#,
        r#"{"roomId": 7, "arrival": "2026-02-30", "departure": "2026-02-31"}"#,
        r#"{"roomId": 7, "arrival": "2026-12-03", "departure": "2026-12-01"}"#,
    ]
}

/// Values that are wrong in most places, and must do no harm in any.
pub fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(-1e300),
        json!(1e-300),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(9_007_199_254_740_993_i64),
        json!(""),
        json!(" "),
        json!("x".repeat(30_000)),
        json!("\u{1f3e8}".repeat(300)),
        json!("a\u{0}b"),
        json!("\u{202e}\u{feff}\u{7f}\r\n"),
        json!("'; DROP TABLE booking; --"),
        json!("2026-02-30"),
        json!("9999-12-31"),
        json!("9999999-01-01"),
        json!("0000-00-00"),
        json!("-9999-01-01"),
        json!("2026-12-01T00:00:00Z"),
        json!([]),
        json!([[]]),
        json!([null, 1, "x", {}]),
        json!({}),
        json!({"id": {"id": {}}}),
    ]
}
