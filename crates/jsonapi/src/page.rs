//! Which page of a list is asked for.

use crate::error::{Code, Error};
use crate::limits;

/// One page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 1.
    pub number: u32,
    /// Rows on it at most.
    pub size: u32,
}

impl Default for Page {
    fn default() -> Page {
        Page {
            number: 1,
            size: limits::PAGE_SIZE,
        }
    }
}

impl Page {
    /// Rows before this page.
    #[must_use]
    pub fn offset(self) -> u64 {
        u64::from(self.number.saturating_sub(1)) * u64::from(self.size)
    }

    /// The number of the last page of so many rows; 1 if there are none.
    #[must_use]
    pub fn last(self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.size.max(1))).max(1)
    }

    /// The rows of this page, of all rows in order.
    #[must_use]
    pub fn of<T>(self, rows: &[T]) -> &[T] {
        let start = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let rest = rows.get(start..).unwrap_or_default();
        &rest[..rest.len().min(self.size as usize)]
    }

    /// Takes a `page[…]` parameter; `inside` is what stands in its brackets.
    pub(crate) fn take(&mut self, inside: &[&str], value: &str) -> Result<(), Error> {
        match inside {
            ["number"] => self.number = number(value, limits::PAGE_NUMBER)?,
            ["size"] => self.size = number(value, limits::PAGE_SIZE_MOST)?,
            _ => return Err(bad("Pages are asked for by page[number] and page[size]")),
        }
        Ok(())
    }
}

fn number(text: &str, most: u32) -> Result<u32, Error> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number));
    number
        .filter(|_| is_plain)
        .ok_or_else(|| bad(format!("Expected a whole number from 1 to {most}")))
}

fn bad(detail: impl Into<String>) -> Error {
    Error::new(Code::InvalidPagination, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_out_of_all_rows() {
        let rows: Vec<u32> = (0..5).collect();
        let page = |number| Page { number, size: 2 };
        assert_eq!(page(1).of(&rows), [0, 1]);
        assert_eq!(page(3).of(&rows), [4]);
        assert!(page(4).of(&rows).is_empty());
        assert!(page(limits::PAGE_NUMBER).of(&rows).is_empty());
    }

    #[test]
    fn the_last_page_of_nothing_is_the_first() {
        let page = Page { number: 1, size: 2 };
        assert_eq!(
            [0, 1, 2, 3, 4].map(|total| page.last(total)),
            [1, 1, 1, 2, 2]
        );
    }
}
