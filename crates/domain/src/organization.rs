//! The tree of organizations: a tenant is one root and all below it.
//!
//! An organization is a property, park, branch or venue; it may leave a field empty and inherit it
//! from the one above. This module knows who stands below whom and nothing else of them: fields are
//! looked up by a closure. It never loops, even over rows that a broken import tied into a ring.
//!
//! Start at [`Tree::new`].

use std::collections::BTreeMap;

use crate::id::Id;

/// How deep a tree may be. Real ones have three or four levels; the bound keeps every walk short.
pub const MOST_LEVELS: usize = 32;

/// Who stands below whom.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    parents: BTreeMap<Id, Option<Id>>,
    children: BTreeMap<Id, Vec<Id>>,
}

/// Why these organizations are no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATree {
    /// Going up from this organization comes back to it.
    #[error("organization {0} stands below itself")]
    Cycle(Id),
    /// The parent of this organization is not among them.
    #[error("organization {child} stands below {parent}, which is not there")]
    NoSuchParent {
        /// The organization.
        child: Id,
        /// The parent that it names.
        parent: Id,
    },
    /// There are more than [`MOST_LEVELS`] levels above this organization.
    #[error("organization {0} stands too deep")]
    TooDeep(Id),
    /// This organization occurs twice.
    #[error("organization {0} occurs twice")]
    Twice(Id),
}

impl Tree {
    /// The tree of these organizations, each with its parent; those without one are roots.
    ///
    /// # Errors
    /// [`NotATree`] with the first organization that does not fit in.
    pub fn new(members: impl IntoIterator<Item = (Id, Option<Id>)>) -> Result<Tree, NotATree> {
        let mut tree = Tree::default();
        for (member, parent) in members {
            if tree.parents.insert(member, parent).is_some() {
                return Err(NotATree::Twice(member));
            }
            if let Some(parent) = parent {
                tree.children.entry(parent).or_default().push(member);
            }
        }
        for member in tree.parents.keys() {
            tree.judge(*member)?;
        }
        Ok(tree)
    }

    /// Whether the organization is in the tree.
    #[must_use]
    pub fn contains(&self, id: Id) -> bool {
        self.parents.contains_key(&id)
    }

    /// The organization above, if there is one.
    #[must_use]
    pub fn parent(&self, id: Id) -> Option<Id> {
        self.parents.get(&id).copied().flatten()
    }

    /// The organization itself, the one above it, and so on up to its root. Empty for an unknown one.
    pub fn lineage(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let first = Some(id).filter(|id| self.contains(*id));
        std::iter::successors(first, |id| self.parent(*id)).take(MOST_LEVELS)
    }

    /// The organization itself and all below it, each before those below it. Empty for an unknown one.
    #[must_use]
    pub fn family(&self, id: Id) -> Vec<Id> {
        let mut family: Vec<Id> = Some(id)
            .filter(|id| self.contains(*id))
            .into_iter()
            .collect();
        let mut next = 0;
        while let Some(member) = family.get(next).copied() {
            family.extend(self.children.get(&member).into_iter().flatten());
            next += 1;
        }
        family
    }

    /// Whether one is the other or stands above it.
    #[must_use]
    pub fn is_above(&self, above: Id, below: Id) -> bool {
        self.lineage(below).any(|id| id == above)
    }

    /// The value of a field that children may inherit: the organization's own, or that of the nearest
    /// one above it that has one.
    pub fn inherit<T>(&self, id: Id, own: impl Fn(Id) -> Option<T>) -> Option<T> {
        self.lineage(id).find_map(own)
    }

    /// Whether the organization may be put below a new parent (`None`: become a root).
    ///
    /// # Errors
    /// [`NotATree`], as it would be afterwards.
    pub fn may_move(&self, id: Id, parent: Option<Id>) -> Result<(), NotATree> {
        let Some(parent) = parent else { return Ok(()) };
        if !self.contains(parent) {
            return Err(NotATree::NoSuchParent { child: id, parent });
        }
        if self.is_above(id, parent) {
            return Err(NotATree::Cycle(id));
        }
        let levels = self.lineage(parent).count() + self.height(id);
        if levels > MOST_LEVELS {
            Err(NotATree::TooDeep(id))
        } else {
            Ok(())
        }
    }

    /// How many levels the organization and those below it have.
    fn height(&self, id: Id) -> usize {
        let above = self.lineage(id).count();
        let deepest = self
            .family(id)
            .into_iter()
            .map(|member| self.lineage(member).count())
            .max();
        deepest.map_or(1, |deepest| deepest + 1 - above)
    }

    /// Goes up from a member, at most as far as a tree may be deep.
    fn judge(&self, member: Id) -> Result<(), NotATree> {
        let mut here = member;
        for _ in 0..MOST_LEVELS {
            let Some(parent) = self.parent(here) else {
                return Ok(());
            };
            if parent == member {
                return Err(NotATree::Cycle(member));
            }
            if !self.contains(parent) {
                return Err(NotATree::NoSuchParent {
                    child: here,
                    parent,
                });
            }
            here = parent;
        }
        Err(NotATree::TooDeep(member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    fn tree(members: &[(i64, i64)]) -> Result<Tree, NotATree> {
        Tree::new(
            members
                .iter()
                .map(|(member, parent)| (id(*member), Id::new(*parent))),
        )
    }

    /// 1 above 2 and 3; 2 above 4; 5 is a root of its own.
    fn parks() -> Tree {
        tree(&[(1, 0), (2, 1), (3, 1), (4, 2), (5, 0)]).unwrap()
    }

    #[test]
    fn a_field_is_inherited_from_the_nearest_above_that_has_one() {
        let own = |at: Id| match at.get() {
            1 => Some("Europe/Berlin"),
            2 => Some("Europe/Lisbon"),
            _ => None,
        };
        let tree = parks();
        assert_eq!(tree.inherit(id(4), own), Some("Europe/Lisbon"));
        assert_eq!(tree.inherit(id(3), own), Some("Europe/Berlin"));
        assert_eq!(tree.inherit(id(5), own), None);
        assert_eq!(tree.inherit(id(99), own), None);
    }

    #[test]
    fn a_family_is_everybody_below_and_a_lineage_everybody_above() {
        let tree = parks();
        assert_eq!(tree.family(id(1)), [id(1), id(2), id(3), id(4)]);
        assert_eq!(
            tree.lineage(id(4)).collect::<Vec<_>>(),
            [id(4), id(2), id(1)]
        );
        assert!(tree.is_above(id(1), id(4)));
        assert!(!tree.is_above(id(3), id(4)));
        assert!(tree.family(id(99)).is_empty());
    }

    #[test]
    fn a_ring_is_not_a_tree() {
        assert_eq!(tree(&[(1, 1)]).unwrap_err(), NotATree::Cycle(id(1)));
        assert_eq!(
            tree(&[(1, 3), (2, 1), (3, 2)]).unwrap_err(),
            NotATree::Cycle(id(1))
        );
    }

    #[test]
    fn a_ring_below_which_somebody_stands_is_found_too() {
        assert!(tree(&[(1, 2), (2, 3), (3, 2)]).is_err());
    }

    #[test]
    fn a_parent_must_be_there() {
        let missing = NotATree::NoSuchParent {
            child: id(2),
            parent: id(9),
        };
        assert_eq!(tree(&[(2, 9)]).unwrap_err(), missing);
    }

    #[test]
    fn nobody_moves_below_themselves_or_too_deep() {
        let tree = parks();
        assert_eq!(
            tree.may_move(id(1), Some(id(4))),
            Err(NotATree::Cycle(id(1)))
        );
        assert_eq!(
            tree.may_move(id(1), Some(id(1))),
            Err(NotATree::Cycle(id(1)))
        );
        assert_eq!(tree.may_move(id(1), Some(id(5))), Ok(()));
        assert_eq!(tree.may_move(id(4), None), Ok(()));

        let chain: Vec<(i64, i64)> = (1..=30).map(|member| (member, member - 1)).collect();
        let deep = Tree::new(
            chain
                .iter()
                .chain(&[(100, 0), (101, 100), (102, 101)])
                .map(|(member, parent)| (id(*member), Id::new(*parent))),
        )
        .unwrap();
        assert_eq!(deep.may_move(id(100), Some(id(29))), Ok(()));
        assert_eq!(
            deep.may_move(id(100), Some(id(30))),
            Err(NotATree::TooDeep(id(100)))
        );
    }
}
