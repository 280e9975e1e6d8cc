//! Page numbers, and the link to the next page that keeps every filter.

use crate::limits;
use crate::query::Query;
use crate::refusal::BadParameter;

/// One page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 1.
    pub number: u32,
    /// Rows on it at most.
    pub size: u32,
}

impl Page {
    /// The page that the parameter asks for; the first where it is absent.
    ///
    /// # Errors
    /// Not a number, or outside 1 to [`limits::PAGE_NUMBER`].
    pub fn from_query(query: &Query<'_>, parameter: &str, size: u32) -> Result<Page, BadParameter> {
        let number = query.integer(parameter, 1, i64::from(limits::PAGE_NUMBER))?;
        let number = number
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(1);
        Ok(Page { number, size })
    }

    /// Rows before this page.
    #[must_use]
    pub fn offset(self) -> u64 {
        u64::from(self.number - 1) * u64::from(self.size)
    }

    /// Rows to fetch: one more than are shown, which tells whether there is a next page.
    #[must_use]
    pub fn fetch(self) -> u64 {
        u64::from(self.size) + 1
    }

    /// Cuts the extra row off again; whether there was one.
    pub fn cut<T>(self, rows: &mut Vec<T>) -> bool {
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        more
    }
}

/// The query text with one parameter set to a value: everything else stays as it was spelled and where it
/// was, and a parameter that was not there comes last.
#[must_use]
pub fn with_parameter(query: &str, name: &str, value: &str) -> String {
    let mut out = String::with_capacity(query.len() + name.len() + value.len() + 2);
    let mut placed = false;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let key = pair.split('=').next().unwrap_or_default();
        let same = form_urlencoded::parse(key.as_bytes()).any(|(key, _)| key == name);
        if !same {
            push_pair(&mut out, pair);
        } else if !placed {
            placed = true;
            push_pair(&mut out, &spelled(name, value));
        }
    }
    if !placed {
        push_pair(&mut out, &spelled(name, value));
    }
    out
}

fn spelled(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish()
}

fn push_pair(out: &mut String, pair: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(pair);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_keeps_every_filter_as_it_was_spelled() {
        assert_eq!(with_parameter("", "page", "2"), "page=2");
        assert_eq!(
            with_parameter("status=new&status=confirmed&q=a%20b", "page", "2"),
            "status=new&status=confirmed&q=a%20b&page=2"
        );
        assert_eq!(
            with_parameter("page=2&id=1&p%61ge=7", "page", "3"),
            "page=3&id=1"
        );
        assert_eq!(
            with_parameter("page%5Bnumber%5D=1&x=y", "page[number]", "2"),
            "page%5Bnumber%5D=2&x=y"
        );
    }

    #[test]
    fn a_page_knows_its_offset_and_whether_another_follows() {
        let page = |text: &str| Page::from_query(&Query::parse(text).unwrap(), "page", 2);
        assert_eq!(page("").unwrap().offset(), 0);
        assert_eq!(page("page=3").unwrap().offset(), 4);
        for wrong in ["page=0", "page=-1", "page=x", "page=99999999999999999999"] {
            assert!(page(wrong).is_err(), "{wrong}");
        }
        let mut rows = vec![1, 2, 3];
        assert!(page("").unwrap().cut(&mut rows));
        assert_eq!(rows, [1, 2]);
        assert!(!page("").unwrap().cut(&mut rows));
    }
}
