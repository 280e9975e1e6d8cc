//! Links: the address of a request, and those of the other pages of its list.

use serde_json::{Map, Value as Json};

use crate::page::Page;
use crate::parameters;

/// Where a request went, as the client sees it.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// The public base URL, without a slash at its end: `https://example.com/v3`.
    pub base: &'a str,
    /// The path below it: `/reservations`.
    pub path: &'a str,
    /// The text behind the question mark, as it came; empty if there is none.
    pub query: &'a str,
}

impl Address<'_> {
    /// The whole URL of a path below the base.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// `{"self": …}` of a single resource.
    #[must_use]
    pub fn link(&self) -> Json {
        let mut links = Map::new();
        links.insert("self".into(), self.itself().into());
        Json::Object(links)
    }

    /// `self`, `first`, `prev`, `next`, `last` of a list. Every key is there; it is null where there
    /// is no such page. All other parameters are kept.
    #[must_use]
    pub fn page_links(&self, page: Page, total: u64) -> Json {
        let last = page.last(total);
        let number = u64::from(page.number);
        let prev = (number > 1).then(|| (number - 1).min(last));
        let next = (number < last).then_some(number + 1);
        let mut links = Map::new();
        links.insert("self".into(), self.itself().into());
        links.insert("first".into(), self.page(1).into());
        links.insert("prev".into(), prev.map(|number| self.page(number)).into());
        links.insert("next".into(), next.map(|number| self.page(number)).into());
        links.insert("last".into(), self.page(last).into());
        Json::Object(links)
    }

    fn itself(&self) -> String {
        match parameters::escaped(self.query) {
            query if query.is_empty() => self.url(self.path),
            query => format!("{}{}?{query}", self.base, self.path),
        }
    }

    fn page(&self, number: u64) -> String {
        let query = parameters::with_parameter(self.query, "page[number]", &number.to_string());
        format!("{}{}?{query}", self.base, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn links(query: &str, number: u32, total: u64) -> Json {
        let address = Address {
            base: "https://example.com/v3",
            path: "/rooms",
            query,
        };
        address.page_links(Page { number, size: 10 }, total)
    }

    #[test]
    fn links_to_pages_are_null_where_there_is_none() {
        let at = |query: &str| format!("https://example.com/v3/rooms?{query}");
        assert_eq!(
            links("", 1, 0),
            json!({
                "self": "https://example.com/v3/rooms",
                "first": at("page%5Bnumber%5D=1"),
                "prev": null,
                "next": null,
                "last": at("page%5Bnumber%5D=1"),
            })
        );
        let middle = links("filter[a|b]=x&page[number]=2", 2, 25);
        let with = |number: u32| at(&format!("filter%5Ba%7Cb%5D=x&page%5Bnumber%5D={number}"));
        assert_eq!(middle["self"], with(2));
        assert_eq!(middle["first"], with(1));
        assert_eq!(middle["prev"], with(1));
        assert_eq!(middle["next"], with(3));
        assert_eq!(middle["last"], with(3));
    }

    #[test]
    fn behind_the_last_page_the_way_leads_back_to_it() {
        let beyond = links("page[number]=9", 9, 25);
        assert_eq!(beyond["next"], Json::Null);
        assert_eq!(
            beyond["prev"],
            "https://example.com/v3/rooms?page%5Bnumber%5D=3"
        );
    }
}
