//! Checks the sources against the table of rooms in ARCHITECTURE.md.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::cycles::cycles;
use super::imports::{Import, Imports};
use super::source::Source;
use super::table::{FILE, Room, Table, covers};
use super::tree::Tree;

/// All differences between table, folders and imports, each with a remedy.
pub fn check(table: &Table, tree: &Tree<'_>, imports: &Imports, sources: &[Source]) -> Vec<String> {
    let mut problems = unread(tree, sources);
    problems.extend(without_room(table, sources));
    problems.extend(wrong_rows(table, sources));
    problems.extend(not_in_table(table, imports));
    problems.extend(out_of_place(table, imports));
    problems.extend(cycles_of_rooms(imports));
    problems.extend(cycles_of_files(imports));
    problems
}

/// Imports that a row allows and its room does not have.
pub fn unused(table: &Table, imports: &Imports) -> Vec<String> {
    let mut notes = Vec::new();
    for room in &table.rooms {
        let found = imports.of(&room.name);
        for name in room.may.iter().filter(|name| !found.contains(&name.as_str())) {
            notes.push(format!(
                "{FILE}:{} room `{}` may import `{name}` and does not: take it out of the row",
                room.line, room.name
            ));
        }
    }
    notes
}

/// Rust files that are not checked because no crate contains them or they do not parse.
fn unread(tree: &Tree<'_>, sources: &[Source]) -> Vec<String> {
    let reached = tree.reached();
    // Fuzz targets are a workspace of their own, which cargo-fuzz builds.
    let rust = sources
        .iter()
        .filter(|source| source.is_rust() && !source.path.contains("/fuzz_targets/"));
    rust.filter_map(|source| {
        let path = &source.path;
        if source.syntax.is_none() {
            Some(format!("{path} cannot be parsed as Rust"))
        } else if !reached.contains(path.as_str()) {
            Some(format!(
                "{path} is part of no crate: declare it with `mod`, or remove it"
            ))
        } else {
            None
        }
    })
    .collect()
}

fn without_room(table: &Table, sources: &[Source]) -> Vec<String> {
    let rust = sources.iter().filter(|source| source.is_rust());
    rust.filter(|source| table.room_of(&source.path).is_none())
        .map(|source| {
            format!(
                "{} belongs to no room: move it into a room's folder, or give it a row in {FILE}",
                source.path
            )
        })
        .collect()
}

/// Errors in the table itself.
fn wrong_rows(table: &Table, sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for (position, room) in table.rooms.iter().enumerate() {
        let Room { line, name, .. } = room;
        if table.rooms[..position].iter().any(|other| other.name == *name) {
            problems.push(format!("{FILE}:{line} room `{name}` already has a row"));
        }
        if room.places.is_empty() {
            problems.push(format!("{FILE}:{line} room `{name}` has no files"));
        }
        for place in &room.places {
            if let Some(other) = places.insert(place, name) {
                problems.push(format!(
                    "{FILE}:{line} `{place}` belongs to room `{name}` and to room `{other}`: keep one"
                ));
            }
            if !sources.iter().any(|s| s.is_rust() && covers(place, &s.path)) {
                problems.push(format!(
                    "{FILE}:{line} room `{name}` does not exist: there is no source at `{place}`; correct the \
                     path, or remove it"
                ));
            }
        }
        for may in &room.may {
            let restricted = table.restricted(may);
            if restricted.is_none() && table.room(may).is_none() {
                problems.push(format!(
                    "{FILE}:{line} room `{name}` may import `{may}`, which is neither a room nor a restricted name"
                ));
            }
            if let Some(restricted) = restricted.filter(|r| r.never_real_time && room.is_real_time()) {
                problems.push(format!(
                    "{FILE}:{line} room `{name}` is on the audio thread and may not import `{may}` ({}): move that \
                     code to a room of another thread",
                    restricted.reason
                ));
            }
        }
    }
    problems
}

fn not_in_table(table: &Table, imports: &Imports) -> Vec<String> {
    let mut problems = Vec::new();
    for import in &imports.across {
        let Some(room) = table
            .room(&import.from)
            .filter(|room| !room.may_import(&import.to))
        else {
            continue;
        };
        problems.push(format!(
            "{}:{} imports `{}`: room `{}` may import {}; {}",
            import.file,
            import.line,
            import.to,
            room.name,
            if room.may.is_empty() {
                "nothing".to_owned()
            } else {
                room.may.join(", ")
            },
            advice(table, import)
        ));
    }
    problems
}

fn advice(table: &Table, import: &Import) -> String {
    let Import { from, to, .. } = import;
    let pass = if import.room { " or pass the value in" } else { "" };
    let target = table.room(to);
    if target.is_some_and(|target| target.may_import(from)) {
        return format!("move the code to `{to}`, which may import `{from}`,{pass}");
    }
    let allowed: Vec<&str> = table
        .rooms
        .iter()
        .filter(|room| room.may_import(to))
        .map(|room| room.name.as_str())
        .collect();
    match (import.room, allowed.as_slice()) {
        (true, []) => format!("move the code to `{to}`{pass}"),
        (true, _) => format!(
            "move the code to `{to}` or to a room that may import it ({}),{pass}",
            allowed.join(", ")
        ),
        (false, []) => format!("no room may import it: see the restricted names in {FILE}"),
        (false, _) => format!(
            "move the code to a room that may import it ({})",
            allowed.join(", ")
        ),
    }
}

/// Restricted names in a room that may import them, but outside the files that may.
fn out_of_place(table: &Table, imports: &Imports) -> Vec<String> {
    let mut problems = Vec::new();
    for import in &imports.across {
        let restricted = table.restricted(&import.to).filter(|_| !import.room);
        let Some(places) = restricted.map(|restricted| &restricted.places) else {
            continue;
        };
        if !places.is_empty() && !places.iter().any(|place| covers(place, &import.file)) {
            problems.push(format!(
                "{}:{} imports `{}`, which only {} may: move the code there",
                import.file,
                import.line,
                import.to,
                places.join(" and ")
            ));
        }
    }
    problems
}

fn cycles_of_rooms(imports: &Imports) -> Vec<String> {
    let edges = imports.between_rooms();
    let names = edges.keys().map(|(from, to)| (from.as_str(), to.as_str()));
    let at = |from: &str, to: &str| edges[&(from.to_owned(), to.to_owned())][0].clone();
    cycles(names)
        .iter()
        .map(|cycle| {
            format!(
                "cycle of rooms: {}; move what both sides need to a room below them, or pass the value in",
                arrows(cycle, at)
            )
        })
        .collect()
}

fn cycles_of_files(imports: &Imports) -> Vec<String> {
    let mut problems = Vec::new();
    for (room, edges) in &imports.inside {
        let names = edges.keys().map(|(from, to)| (from.as_str(), to.as_str()));
        let at = |from: &str, to: &str| format!("line {}", edges[&(from.to_owned(), to.to_owned())]);
        for cycle in cycles(names) {
            problems.push(format!(
                "cycle of files in room `{room}`: {}; move what both sides need to a file below them",
                arrows(&cycle, at)
            ));
        }
    }
    problems
}

/// `a -> b (where a imports b) -> a (where b imports a)`.
fn arrows(cycle: &[&str], at: impl Fn(&str, &str) -> String) -> String {
    let mut text = cycle[0].to_owned();
    for pair in cycle.windows(2) {
        text.push_str(&format!(" -> {} ({})", pair[1], at(pair[0], pair[1])));
    }
    text
}
