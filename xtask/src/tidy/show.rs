//! Prints the table and the graph of imports found in the sources.

use super::imports::Imports;
use super::table::Table;

/// The rows of the table, with each room's imports in the last cell.
pub fn rows(table: &Table, imports: &Imports) -> Vec<String> {
    let row = |room: &super::table::Room| {
        let found: Vec<String> = imports
            .of(&room.name)
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        format!("| {} | {} |", room.cells.join(" | "), found.join(", "))
    };
    table.rooms.iter().map(row).collect()
}

/// Every import of a room by another: number of files, and the first line.
pub fn graph(imports: &Imports) -> Vec<String> {
    let edges = imports.between_rooms();
    let line = |((from, to), places): (&(String, String), &Vec<String>)| {
        format!("{from} -> {to}  ({} files, first {})", places.len(), places[0])
    };
    edges.iter().map(line).collect()
}
