//! Which related resources come along: the paths of `include`, as a tree.

use std::collections::BTreeSet;

use crate::error::{Code, Error, Errors};
use crate::limits;
use crate::resource::{Relationship, ResourceType};
use crate::schema::Schema;

/// Paths that share their first steps share them here too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// The first steps.
    pub branches: Vec<Branch>,
    /// Each relationship on the way, with the type that it starts from.
    walked: BTreeSet<(&'static str, &'static str)>,
}

/// One step of a path, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The relationship.
    pub relationship: &'static str,
    /// The next steps, from what it leads to.
    pub branches: Vec<Branch>,
}

/// Who asks, and of what.
pub(crate) struct Asking<'a> {
    pub schema: &'a Schema,
    pub kind: &'static ResourceType,
    /// Whether the caller may read a type.
    pub may_read: &'a dyn Fn(&ResourceType) -> bool,
}

impl Include {
    /// Parses the value of `include`. Nothing between the commas is an error, nothing at all is no
    /// path: then `included` is there, and empty.
    pub(crate) fn parse(asking: &Asking<'_>, value: &str) -> Result<Include, Errors> {
        let mut include = Include::default();
        let mut errors = Errors::default();
        let paths = value.split(',').filter(|_| !value.is_empty());
        if paths.clone().count() > limits::INCLUDE_PATHS {
            let detail = format!("More than {} paths", limits::INCLUDE_PATHS);
            return Err(bad(Code::InvalidInclude, detail).into());
        }
        for path in paths {
            let added = include.add(asking, path.trim());
            errors.take(added);
        }
        errors.unless_any(include)
    }

    fn add(&mut self, asking: &Asking<'_>, path: &str) -> Result<(), Error> {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.len() > limits::INCLUDE_DEPTH {
            let most = limits::INCLUDE_DEPTH;
            let detail = format!("The path \"{path}\" has more than {most} steps");
            return Err(bad(Code::InvalidInclude, detail));
        }
        let mut kinds = vec![asking.kind];
        let mut branches = &mut self.branches;
        for step in steps {
            let next = follow(asking, &kinds, path, step)?;
            for (kind, relationship) in &next.walked {
                self.walked.insert((kind.name, relationship.name));
            }
            branches = &mut branch_of(branches, next.relationship).branches;
            kinds = next.kinds;
        }
        Ok(())
    }

    /// Whether a path passes through this relationship of a type.
    #[must_use]
    pub fn passes(&self, kind: &ResourceType, relationship: &str) -> bool {
        let mut walked = self.walked.iter();
        walked.any(|(from, name)| *from == kind.name && *name == relationship)
    }

    /// As it stands in a query: a path for each end of the tree.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut paths = Vec::new();
        for branch in &self.branches {
            branch.write_paths("", &mut paths);
        }
        paths.join(",")
    }
}

impl Branch {
    fn write_paths(&self, before: &str, paths: &mut Vec<String>) {
        let path = format!("{before}{}", self.relationship);
        for branch in &self.branches {
            branch.write_paths(&format!("{path}."), paths);
        }
        if self.branches.is_empty() {
            paths.push(path);
        }
    }
}

/// Where one step leads.
struct Step {
    relationship: &'static str,
    /// The relationship at each type that has it.
    walked: Vec<(&'static ResourceType, &'static Relationship)>,
    kinds: Vec<&'static ResourceType>,
}

/// Follows one step from the types where the path has arrived. A relationship to several types goes
/// on with those of them that have the next step.
fn follow(
    asking: &Asking<'_>,
    from: &[&'static ResourceType],
    path: &str,
    step: &str,
) -> Result<Step, Error> {
    let mut walked = Vec::new();
    let mut kinds: Vec<&'static ResourceType> = Vec::new();
    for kind in from {
        let relationship = kind.relationship(step).filter(|known| known.includable);
        let Some(relationship) = relationship else {
            continue;
        };
        walked.push((*kind, relationship));
        for target in asking.schema.targets(relationship) {
            if !(asking.may_read)(target) {
                return Err(forbidden(path, target));
            }
            if !kinds.contains(&target) {
                kinds.push(target);
            }
        }
    }
    let Some((_, relationship)) = walked.first() else {
        return Err(unknown(from, path, step));
    };
    Ok(Step {
        relationship: relationship.name,
        walked,
        kinds,
    })
}

fn branch_of<'a>(branches: &'a mut Vec<Branch>, relationship: &'static str) -> &'a mut Branch {
    let known = |branch: &Branch| branch.relationship == relationship;
    let index = branches.iter().position(known).unwrap_or_else(|| {
        branches.push(Branch {
            relationship,
            branches: Vec::new(),
        });
        branches.len() - 1
    });
    &mut branches[index]
}

fn unknown(from: &[&'static ResourceType], path: &str, step: &str) -> Error {
    let names: Vec<&str> = from.iter().map(|kind| kind.name).collect();
    let names = names.join(" or ");
    let detail = format!("The path \"{path}\" leads nowhere: {names} cannot include \"{step}\"");
    bad(Code::InvalidInclude, detail)
}

fn forbidden(path: &str, target: &ResourceType) -> Error {
    let scope = target.read.unwrap_or("no scope at all");
    let detail = format!(
        "The path \"{path}\" leads to {}, which needs {scope}",
        target.name
    );
    bad(Code::ForbiddenInclude, detail)
}

fn bad(code: Code, detail: impl Into<String>) -> Error {
    Error::new(code, detail).in_parameter("include")
}
