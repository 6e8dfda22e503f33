//! The module trees of all crates of the workspace, built as the compiler does.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Declared, Name, Scope};
use super::source::Source;

/// One target of a package.
pub struct Crate {
    /// Name in code.
    pub name: String,
    /// Path of its root module.
    pub root: String,
    /// The package's folder.
    pub folder: String,
    /// True if other packages can import it.
    pub library: bool,
    /// Tests, examples and benches: their imports are not checked.
    pub tests: bool,
    /// Crates that its code can import.
    pub dependencies: BTreeSet<String>,
}

pub type ModuleId = usize;

pub struct Module {
    pub krate: usize,
    pub parent: Option<ModuleId>,
    pub file: String,
    /// True if it is compiled for tests only.
    pub test: bool,
    pub children: BTreeMap<String, ModuleId>,
    pub aliases: BTreeMap<String, Vec<String>>,
    pub names: Vec<Name>,
}

pub struct Tree<'a> {
    pub crates: &'a [Crate],
    pub modules: Vec<Module>,
    /// Root modules of the library crates.
    pub libraries: BTreeMap<&'a str, ModuleId>,
    files: BTreeMap<&'a str, &'a syn::File>,
}

impl<'a> Tree<'a> {
    pub fn read(crates: &'a [Crate], sources: &'a [Source]) -> Self {
        let mut tree = Self {
            crates,
            modules: Vec::new(),
            libraries: BTreeMap::new(),
            files: sources
                .iter()
                .filter_map(|source| Some((source.path.as_str(), source.syntax.as_ref()?)))
                .collect(),
        };
        for (number, krate) in crates.iter().enumerate() {
            // Files of another package are read only in that package.
            if krate.root.starts_with(&krate.folder) {
                let root = tree.add_file(number, None, &krate.root, true, krate.tests);
                if krate.library {
                    tree.libraries.insert(&krate.name, root);
                }
            }
        }
        tree
    }

    /// Files of all crates.
    pub fn reached(&self) -> BTreeSet<&str> {
        self.modules.iter().map(|module| module.file.as_str()).collect()
    }

    pub fn root_of(&self, module: ModuleId) -> ModuleId {
        let mut root = module;
        while let Some(parent) = self.modules[root].parent {
            root = parent;
        }
        root
    }

    pub fn is_below(&self, module: ModuleId, ancestor: ModuleId) -> bool {
        let mut at = Some(module);
        while let Some(id) = at {
            if id == ancestor {
                return true;
            }
            at = self.modules[id].parent;
        }
        false
    }

    /// `owns_folder`: true if its modules are in the same folder and not in a folder of its name.
    fn add_file(
        &mut self,
        krate: usize,
        parent: Option<ModuleId>,
        file: &str,
        owns_folder: bool,
        test: bool,
    ) -> ModuleId {
        let foreign = !file.starts_with(&self.crates[krate].folder);
        let scopes = match self.files.get(file) {
            Some(syntax) if !foreign => names::read(syntax),
            _ => vec![Scope::default()],
        };
        let mut ids: BTreeMap<Vec<String>, ModuleId> = BTreeMap::new();
        let mut first = None;
        for scope in scopes {
            let id = self.modules.len();
            let above = match scope.nesting.split_last() {
                Some((name, outer)) => {
                    let above = ids[outer];
                    self.modules[above].children.insert(name.clone(), id);
                    Some(above)
                }
                None => parent,
            };
            ids.insert(scope.nesting.clone(), id);
            first.get_or_insert(id);
            self.modules.push(Module {
                krate,
                parent: above,
                file: file.to_owned(),
                test,
                children: BTreeMap::new(),
                aliases: scope.aliases,
                names: scope.names,
            });
            for declared in &scope.declared {
                self.add_declared(id, &scope.nesting, declared, owns_folder);
            }
        }
        first.unwrap_or_default()
    }

    fn add_declared(&mut self, parent: ModuleId, nesting: &[String], declared: &Declared, owns_folder: bool) {
        let Module {
            krate, file, test, ..
        } = &self.modules[parent];
        let (krate, test) = (*krate, *test || declared.test);
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let stem = name.trim_end_matches(".rs");
        let mut base = folder.to_owned();
        if declared.path.is_none() || !nesting.is_empty() {
            let inner = if owns_folder { None } else { Some(stem) };
            for part in inner.into_iter().chain(nesting.iter().map(String::as_str)) {
                base = join(&base, part);
            }
        }
        let candidates = match &declared.path {
            Some(path) => vec![(join(&base, path), true)],
            None => vec![
                (join(&base, &format!("{}.rs", declared.name)), false),
                (join(&base, &format!("{}/mod.rs", declared.name)), true),
            ],
        };
        let found = candidates
            .into_iter()
            .find(|(file, _)| self.files.contains_key(file.as_str()));
        if let Some((file, owns)) = found {
            let child = self.add_file(krate, Some(parent), &file, owns, test);
            // Two modules of one name are alternatives for different targets or features.
            self.modules[parent]
                .children
                .entry(declared.name.clone())
                .or_insert(child);
        }
    }
}

/// A path below a folder, without `..`.
pub fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(name: &str, root: &str, folder: &str) -> Crate {
        Crate {
            name: name.to_owned(),
            root: root.to_owned(),
            folder: folder.to_owned(),
            library: true,
            tests: false,
            dependencies: BTreeSet::new(),
        }
    }

    #[test]
    fn declared_modules_are_found_and_undeclared_files_are_not() {
        let sources = [
            ("a/src/lib.rs", "mod b; mod c { mod d; } #[cfg(test)] mod tests;"),
            ("a/src/b.rs", "mod e; #[path = \"other.rs\"] mod f;"),
            ("a/src/b/e/mod.rs", "mod g;"),
            ("a/src/b/e/g.rs", ""),
            ("a/src/other.rs", ""),
            ("a/src/c/d.rs", ""),
            ("a/src/tests.rs", ""),
            ("a/src/e.rs", ""),
        ]
        .map(|(path, text)| Source::new(path, text.to_owned()));
        let crates = [krate("a", "a/src/lib.rs", "a/")];
        let tree = Tree::read(&crates, &sources);
        let missing: Vec<_> = sources
            .iter()
            .map(|source| source.path.as_str())
            .filter(|path| !tree.reached().contains(path))
            .collect();
        assert_eq!(missing, ["a/src/e.rs"]);
        let of_tests = tree.modules.iter().filter(|module| module.test);
        assert_eq!(
            of_tests.map(|module| module.file.as_str()).collect::<Vec<_>>(),
            ["a/src/tests.rs"]
        );
    }

    #[test]
    fn files_of_another_package_are_read_only_there() {
        let sources = [
            ("a/src/lib.rs", "pub mod b;"),
            ("a/src/b.rs", "use crate::x;"),
            ("t/src/lib.rs", "#[path = \"../../a/src/b.rs\"] pub mod b;"),
        ]
        .map(|(path, text)| Source::new(path, text.to_owned()));
        let crates = [
            krate("a", "a/src/lib.rs", "a/"),
            krate("t", "t/src/lib.rs", "t/"),
            krate("copy", "a/src/lib.rs", "copy/"),
        ];
        let tree = Tree::read(&crates, &sources);
        let counts: Vec<_> = tree
            .modules
            .iter()
            .map(|m| (m.file.as_str(), m.names.len()))
            .collect();
        assert_eq!(
            counts,
            [
                ("a/src/lib.rs", 0),
                ("a/src/b.rs", 1),
                ("t/src/lib.rs", 0),
                ("a/src/b.rs", 0)
            ]
        );
        assert_eq!(tree.libraries.keys().collect::<Vec<_>>(), [&"a", &"t"]);
    }
}
