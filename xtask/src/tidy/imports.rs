//! Imports found in the sources: between rooms, of restricted names, between the files of a room.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::{Target, resolve};
use super::syntax::Written;
use super::table::Table;
use super::tree::{ModuleId, Tree};

/// Import of another room or a restricted name by a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: String,
    pub to: String,
    pub file: String,
    pub line: usize,
    /// True if `to` is a room, else a restricted name.
    pub room: bool,
}

#[derive(Default)]
pub struct Imports {
    /// The first import of each target by each file.
    pub across: Vec<Import>,
    /// For each room: (importing file, imported file) and the first line.
    pub inside: BTreeMap<String, BTreeMap<(String, String), usize>>,
}

impl Imports {
    pub fn read(tree: &Tree<'_>, table: &Table) -> Self {
        let mut imports = Self::default();
        for (id, module) in tree.modules.iter().enumerate() {
            let room = table.room_of(&module.file);
            let Some(room) = room.filter(|_| !module.test && !tree.crates[module.krate].tests) else {
                continue;
            };
            for name in &module.names {
                match resolve(tree, id, &name.written.segments) {
                    Some(Target::External(path)) => {
                        if let Some(to) = table.restricted_in(&path, name.glob) {
                            imports.add(&room.name, to, &module.file, &name.written, false);
                        }
                    }
                    Some(Target::Module { named, defined }) => {
                        let seen = if is_root(tree, named) { defined } else { named };
                        let to = table.room_of(&tree.modules[seen].file);
                        if let Some(to) = to.filter(|to| to.name != room.name) {
                            imports.add(&room.name, &to.name, &module.file, &name.written, true);
                        }
                        // A parent's re-export of its children's items is not a use.
                        if !(name.reexport && tree.is_below(defined, id)) {
                            imports.add_inside(&room.name, table, tree, id, defined, name.written.line);
                        }
                    }
                    None => {}
                }
            }
        }
        let mut seen = BTreeSet::new();
        imports
            .across
            .sort_by(|a, b| (&a.file, &a.to, a.line).cmp(&(&b.file, &b.to, b.line)));
        imports
            .across
            .retain(|import| seen.insert((import.file.clone(), import.to.clone())));
        imports
    }

    fn add(&mut self, from: &str, to: &str, file: &str, written: &Written, room: bool) {
        self.across.push(Import {
            from: from.to_owned(),
            to: to.to_owned(),
            file: file.to_owned(),
            line: written.line,
            room,
        });
    }

    fn add_inside(
        &mut self,
        room: &str,
        table: &Table,
        tree: &Tree<'_>,
        from: ModuleId,
        to: ModuleId,
        line: usize,
    ) {
        let (from, to) = (&tree.modules[from].file, &tree.modules[to].file);
        if from != to && table.room_of(to).is_some_and(|other| other.name == room) {
            let edges = self.inside.entry(room.to_owned()).or_default();
            let first = edges.entry((from.clone(), to.clone())).or_insert(line);
            *first = line.min(*first);
        }
    }

    /// Imports of a room in the order of a table row: rooms first.
    pub fn of(&self, room: &str) -> Vec<&str> {
        let found = self.across.iter().filter(|import| import.from == room);
        let sorted: BTreeSet<(bool, &str)> = found.map(|import| (!import.room, import.to.as_str())).collect();
        sorted.into_iter().map(|(_, name)| name).collect()
    }

    /// The imports of one room by another.
    pub fn between_rooms(&self) -> BTreeMap<(String, String), Vec<String>> {
        let mut edges: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for import in self.across.iter().filter(|import| import.room) {
            let places = edges.entry((import.from.clone(), import.to.clone())).or_default();
            places.push(format!("{}:{}", import.file, import.line));
        }
        edges
    }
}

/// True for a crate's root: its re-exports count for the room that defines the item.
fn is_root(tree: &Tree<'_>, module: ModuleId) -> bool {
    tree.modules[module].parent.is_none()
}
