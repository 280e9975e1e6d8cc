//! Pages of lists.

/// Which page is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOf {
    /// The page, from 1.
    pub number: u32,
    /// How many rows a page holds.
    pub size: u32,
}

impl PageOf {
    /// The first `size` rows.
    pub fn first(size: u32) -> Self {
        Self { number: 1, size }
    }

    /// How many rows come before the page.
    pub fn offset(self) -> u64 {
        u64::from(self.number.saturating_sub(1)) * u64::from(self.size)
    }

    /// How many rows to read, so that one too many tells of a next page.
    pub fn limit(self) -> u64 {
        u64::from(self.size) + 1
    }

    /// Cuts what was read to the page.
    pub fn page<T>(self, mut rows: Vec<T>) -> Page<T> {
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        Page { rows, more }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Whether another page follows.
    pub more: bool,
}

impl<T> Page<T> {
    /// The same page with other rows.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(each).collect(),
            more: self.more,
        }
    }
}
