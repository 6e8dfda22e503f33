//! Resolves a path in the code to the module that it names.

use super::tree::{ModuleId, Tree};

/// Target of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Module {
        /// The last module in the path.
        named: ModuleId,
        /// The module that defines the item, after following re-exports of `named`.
        defined: ModuleId,
    },
    /// A path into a crate outside the workspace.
    External(Vec<String>),
}

/// Limit of nested re-exports, so that a cycle of aliases ends.
const MAX_ALIASES: usize = 16;

/// `None`: an item of the module itself, of a prelude, or imported by `*`.
pub fn resolve(tree: &Tree<'_>, from: ModuleId, path: &[String]) -> Option<Target> {
    follow(tree, from, path, MAX_ALIASES)
}

fn follow(tree: &Tree<'_>, from: ModuleId, path: &[String], aliases_left: usize) -> Option<Target> {
    let aliases_left = aliases_left.checked_sub(1)?;
    let (first, rest) = path.split_first()?;
    let module = &tree.modules[from];
    match first.as_str() {
        "crate" => return Some(walk(tree, tree.root_of(from), rest, aliases_left)),
        "self" => return Some(walk(tree, from, rest, aliases_left)),
        "super" => {
            let above = module.parent?;
            let further = rest.first().is_some_and(|next| next == "super");
            return if further {
                follow(tree, above, rest, aliases_left)
            } else {
                Some(walk(tree, above, rest, aliases_left))
            };
        }
        _ => {}
    }
    if let Some(child) = module.children.get(first) {
        return Some(walk(tree, *child, rest, aliases_left));
    }
    if let Some(alias) = module.aliases.get(first).filter(|alias| alias[0] != *first) {
        let whole: Vec<String> = alias.iter().chain(rest).cloned().collect();
        return follow(tree, from, &whole, aliases_left);
    }
    if let Some(library) = tree.libraries.get(first.as_str()) {
        return Some(walk(tree, *library, rest, aliases_left));
    }
    let known = tree.crates[module.krate].dependencies.contains(first);
    known.then(|| Target::External(path.to_vec()))
}

/// Descends from a module as far as the path names modules.
fn walk(tree: &Tree<'_>, start: ModuleId, path: &[String], aliases_left: usize) -> Target {
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
        if let Some(Target::Module { defined, .. }) = follow(tree, named, &whole, aliases_left) {
            return Target::Module { named, defined };
        }
        break;
    }
    Target::Module {
        named,
        defined: named,
    }
}
