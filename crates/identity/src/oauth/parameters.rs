//! Names with values, as they stand in a query or a body, with bounds on all of it.

use std::fmt;

/// The longest query or body of parameters, in bytes: room for a consent to 500 organizations with a long
/// state, and nothing that is worth sending often.
pub(crate) const LARGEST: usize = 64 * 1024;

/// The most parameters; the longest form of ours has a few, and one for each organization.
const MOST: usize = 512;

/// Names with values, in the order in which they came. Values may be secrets, so none is printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// Parameters that are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadParameters {
    /// More bytes than any honest request has.
    #[error("the parameters are too long")]
    TooLong,
    /// More parameters than any honest request has.
    #[error("there are too many parameters")]
    TooMany,
    /// One that may be there once stands there several times, so that two readers could see two values.
    #[error("{0} is given more than once")]
    Repeated(&'static str),
}

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        formatter.debug_list().entries(names).finish()
    }
}

impl Parameters {
    /// Reads a query (without `?`) or a form.
    ///
    /// # Errors
    /// When it is larger than allowed.
    pub fn parse(encoded: &[u8]) -> Result<Parameters, BadParameters> {
        if encoded.len() > LARGEST {
            return Err(BadParameters::TooLong);
        }
        Parameters::of(form_urlencoded::parse(encoded).into_owned())
    }

    /// The same from names and values.
    ///
    /// # Errors
    /// When there are more than allowed.
    pub fn of(
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Parameters, BadParameters> {
        let pairs: Vec<_> = pairs.into_iter().take(MOST + 1).collect();
        if pairs.len() > MOST {
            return Err(BadParameters::TooMany);
        }
        Ok(Parameters(pairs))
    }

    /// The value of a parameter that may be there once. One without a value counts as left out, as RFC
    /// 6749, 3.1 says.
    ///
    /// # Errors
    /// When it is there more than once, whatever it says.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, BadParameters> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(BadParameters::Repeated(name));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// All values of a parameter that may be there several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Those of these names, to be sent on.
    pub(crate) fn only(&self, names: &[&str]) -> Vec<(String, String)> {
        let kept = self
            .0
            .iter()
            .filter(|(key, _)| names.contains(&key.as_str()));
        kept.cloned().collect()
    }
}

/// Names with values as a query.
pub(crate) fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_is_there_twice_is_refused_and_an_empty_one_left_out() {
        let given = Parameters::parse(b"code=a&state=&code=b&state2=x%20y").unwrap();
        assert_eq!(given.one("code"), Err(BadParameters::Repeated("code")));
        assert_eq!(given.one("state"), Ok(None));
        assert_eq!(given.one("state2"), Ok(Some("x y")));
        let twice_empty = Parameters::parse(b"state=&state=").unwrap();
        assert_eq!(
            twice_empty.one("state"),
            Err(BadParameters::Repeated("state"))
        );
    }

    #[test]
    fn what_is_too_long_or_too_much_is_refused() {
        let long = vec![b'a'; LARGEST + 1];
        assert_eq!(Parameters::parse(&long), Err(BadParameters::TooLong));
        let many = "a&".repeat(MOST + 1);
        assert_eq!(
            Parameters::parse(many.as_bytes()),
            Err(BadParameters::TooMany)
        );
    }

    #[test]
    fn no_value_is_printed() {
        let given = Parameters::parse(b"client_secret=hush").unwrap();
        assert_eq!(format!("{given:?}"), "[\"client_secret\"]");
    }
}
