//! `cargo xtask tidy`: checks rules of ARCHITECTURE.md that the compiler does not check.

mod cycles;
mod imports;
mod machine_paths;
pub mod models;
mod names;
mod packages;
mod resolve;
mod rooms;
mod show;
mod sizes;
mod source;
mod syntax;
mod table;
mod tree;

use anyhow::{Result, anyhow, bail};

use self::imports::Imports;
use self::table::Table;
use self::tree::Tree;
use crate::paths::Paths;
use crate::ui;

/// What `cargo xtask tidy` prints instead of checking.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// The rows of the table of rooms with the imports of the sources.
    Imports,
    /// Which room imports which.
    Graph,
}

pub fn run(paths: &Paths) -> Result<()> {
    let sources = source::read_all(paths.root())?;
    let crates = packages::crates(paths.root())?;
    let table = table_in(&sources)?;
    let tree = Tree::read(&crates, &sources);
    let imports = Imports::read(&tree, &table);

    let mut problems = rooms::check(&table, &tree, &imports, &sources);
    let (too_long, mut notes) = sizes::check(&sources, sizes::ALLOWED);
    problems.extend(too_long);
    problems.extend(machine_paths::check(&sources, paths.root()));
    problems.extend(models::problems(&paths.root().join("assets"))?);
    notes.extend(rooms::unused(&table, &imports));

    for note in notes {
        ui::detail(format!("note: {note}"));
    }
    if problems.is_empty() {
        ui::detail(format!("{} files follow the rules", sources.len()));
        return Ok(());
    }
    bail!("{} problems:\n  {}", problems.len(), problems.join("\n  "))
}

pub fn print(paths: &Paths, what: Print) -> Result<()> {
    let sources = source::read_all(paths.root())?;
    let crates = packages::crates(paths.root())?;
    let table = table_in(&sources)?;
    let imports = Imports::read(&Tree::read(&crates, &sources), &table);
    let lines = match what {
        Print::Imports => show::rows(&table, &imports),
        Print::Graph => show::graph(&imports),
    };
    lines.iter().for_each(ui::line);
    Ok(())
}

fn table_in(sources: &[source::Source]) -> Result<Table> {
    let document = sources.iter().find(|source| source.path == table::FILE);
    let text = document.map_or("", |source| &source.text);
    Table::read(text).map_err(|problem| anyhow!(problem))
}
