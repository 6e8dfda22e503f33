//! From a path in the code to the module that it means.

use super::tree::{ModuleId, Tree};

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Module {
        /// The last module that the path spells.
        named: ModuleId,
        /// Where the item is, behind the re-exports of `named`.
        defined: ModuleId,
    },
    /// A crate that is not the workspace's, with what is named of it.
    External(Vec<String>),
}

/// Re-exports of re-exports end somewhere; a circle of names does not.
const MOST_ALIASES: usize = 16;

/// `None`: something of the module itself, of a prelude, or brought in by `*`.
pub fn resolve(tree: &Tree<'_>, from: ModuleId, path: &[String]) -> Option<Target> {
    follow(tree, from, path, MOST_ALIASES)
}

fn follow(tree: &Tree<'_>, from: ModuleId, path: &[String], left: usize) -> Option<Target> {
    let left = left.checked_sub(1)?;
    let (first, rest) = path.split_first()?;
    let module = &tree.modules[from];
    match first.as_str() {
        "crate" => return Some(walk(tree, tree.root_of(from), rest, left)),
        "self" => return Some(walk(tree, from, rest, left)),
        "super" => {
            let above = module.parent?;
            let further = rest.first().is_some_and(|next| next == "super");
            return if further {
                follow(tree, above, rest, left)
            } else {
                Some(walk(tree, above, rest, left))
            };
        }
        _ => {}
    }
    if let Some(child) = module.children.get(first) {
        return Some(walk(tree, *child, rest, left));
    }
    if let Some(alias) = module.aliases.get(first).filter(|alias| alias[0] != *first) {
        let whole: Vec<String> = alias.iter().chain(rest).cloned().collect();
        return follow(tree, from, &whole, left);
    }
    if let Some(library) = tree.libraries.get(first.as_str()) {
        return Some(walk(tree, *library, rest, left));
    }
    let known = tree.crates[module.krate].dependencies.contains(first);
    known.then(|| Target::External(path.to_vec()))
}

/// Down from a module, as far as the path names modules.
fn walk(tree: &Tree<'_>, start: ModuleId, path: &[String], left: usize) -> Target {
    let mut named = start;
    for (position, segment) in path.iter().enumerate() {
        let module = &tree.modules[named];
        if let Some(child) = module.children.get(segment) {
            named = *child;
            continue;
        }
        let Some(alias) = module.aliases.get(segment) else {
            break;
        };
        let whole: Vec<String> = alias.iter().chain(&path[position + 1..]).cloned().collect();
        if let Some(Target::Module { defined, .. }) = follow(tree, named, &whole, left) {
            return Target::Module { named, defined };
        }
        break;
    }
    Target::Module {
        named,
        defined: named,
    }
}
