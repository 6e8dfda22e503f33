//! The two tables in ARCHITECTURE.md: rooms with their allowed imports, and restricted names.

pub const FILE: &str = "ARCHITECTURE.md";

#[derive(Debug)]
pub struct Room {
    /// The row's line in ARCHITECTURE.md.
    pub line: usize,
    pub name: String,
    /// `a/b` covers `a/b.rs` and all files in `a/b/`.
    pub places: Vec<String>,
    /// The cells up to the last, as written.
    pub cells: Vec<String>,
    pub thread: String,
    pub may: Vec<String>,
}

impl Room {
    /// True if its code runs on the audio thread, or may because it is pure.
    pub fn is_real_time(&self) -> bool {
        self.thread.starts_with("audio") || self.thread.starts_with("pure")
    }

    pub fn may_import(&self, name: &str) -> bool {
        self.may.iter().any(|may| may == name)
    }
}

/// A crate or module that only rooms with it in their row may import.
#[derive(Debug)]
pub struct Restricted {
    pub name: String,
    /// Paths within the rooms that may import it; everywhere if empty.
    pub places: Vec<String>,
    pub reason: String,
    pub never_real_time: bool,
}

#[derive(Debug)]
pub struct Table {
    pub rooms: Vec<Room>,
    pub restricted: Vec<Restricted>,
}

impl Table {
    pub fn read(text: &str) -> Result<Self, String> {
        let mut table = Self {
            rooms: Vec::new(),
            restricted: Vec::new(),
        };
        for (line, cells) in rows(text, "rooms")? {
            let [name, places, _, thread, may] = cells.as_slice() else {
                return Err(format!("{FILE}:{line} a row of the rooms must have five cells"));
            };
            let Some(name) = quoted(name).pop() else {
                return Err(format!("{FILE}:{line} the room's name must be in `backticks`"));
            };
            table.rooms.push(Room {
                line,
                name,
                places: quoted(places),
                thread: thread.clone(),
                may: quoted(may),
                cells: cells[..4].to_vec(),
            });
        }
        for (line, cells) in rows(text, "restricted")? {
            let [names, places, audio, reason] = cells.as_slice() else {
                return Err(format!(
                    "{FILE}:{line} a row of the restricted names must have four cells"
                ));
            };
            table
                .restricted
                .extend(quoted(names).into_iter().map(|name| Restricted {
                    name,
                    places: quoted(places),
                    reason: reason.clone(),
                    never_real_time: audio.contains("never"),
                }));
        }
        Ok(table)
    }

    pub fn room(&self, name: &str) -> Option<&Room> {
        self.rooms.iter().find(|room| room.name == name)
    }

    pub fn restricted(&self, name: &str) -> Option<&Restricted> {
        self.restricted.iter().find(|restricted| restricted.name == name)
    }

    /// The room of a file: the one with the longest path that covers it.
    pub fn room_of(&self, file: &str) -> Option<&Room> {
        let entries = self
            .rooms
            .iter()
            .flat_map(|room| room.places.iter().map(move |place| (room, place)));
        entries
            .filter(|(_, place)| covers(place, file))
            .max_by_key(|(_, place)| place.trim_end_matches('/').len())
            .map(|(room, _)| room)
    }

    /// The restricted name in a path of an external crate, if any; `*` includes all names below it.
    pub fn restricted_in(&self, path: &[String], glob: bool) -> Option<&str> {
        let names = self.restricted.iter().map(|restricted| restricted.name.as_str());
        names
            .filter(|name| {
                let mut parts = name.split("::");
                path.iter()
                    .all(|segment| parts.next().is_none_or(|part| part == segment))
                    && (glob || parts.next().is_none())
            })
            .max_by_key(|name| name.len())
    }
}

pub fn covers(place: &str, file: &str) -> bool {
    match file.strip_prefix(place.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || rest == ".rs",
        None => false,
    }
}

/// The rows between `<!-- name -->` and `<!-- /name -->`, without the head.
fn rows(text: &str, name: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let (start, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let mut found = Vec::new();
    let (mut inside, mut closed) = (false, false);
    for (number, line) in text.lines().enumerate() {
        if line.trim() == start {
            inside = true;
        } else if line.trim() == end {
            closed |= inside;
            inside = false;
        } else if inside && let Some(row) = line.trim().strip_prefix('|') {
            let row = row.trim_end().trim_end_matches('|');
            found.push((
                number + 1,
                row.split('|').map(|cell| cell.trim().to_owned()).collect(),
            ));
        }
    }
    // The head and the line of dashes below it.
    (closed && found.len() >= 2)
        .then(|| found.split_off(2))
        .ok_or_else(|| format!("{FILE} has no table between `{start}` and `{end}`"))
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
<!-- rooms -->
| room | files | what | thread | may import |
| --- | --- | --- | --- | --- |
| `model` | `core/src/model` | seams | worker | `units`, `std::fs` |
| `onnx` | `core/src/model/onnx/`, `core/src/ort.rs` | sessions | worker | `model`, `ort` |
<!-- /rooms -->
<!-- restricted -->
| name | only in | audio thread | why |
| --- | --- | --- | --- |
| `ort` | `core/src/model/onnx` | never | one room |
| `std::fs`, `std::sync::Mutex` | | never | system calls |
<!-- /restricted -->
";

    #[test]
    fn a_file_belongs_to_the_longest_path_that_covers_it() {
        let table = Table::read(TEXT).expect("reads");
        let room = |file: &str| table.room_of(file).map(|room| room.name.as_str());
        assert_eq!(room("core/src/model.rs"), Some("model"));
        assert_eq!(room("core/src/model/voice.rs"), Some("model"));
        assert_eq!(room("core/src/model/onnx/session.rs"), Some("onnx"));
        assert_eq!(room("core/src/ort.rs"), Some("onnx"));
        assert_eq!(room("core/src/models.rs"), None);
        assert_eq!(table.rooms[0].may, ["units", "std::fs"]);
        assert_eq!(table.rooms[1].line, 5);
    }

    #[test]
    fn a_restricted_name_is_found_in_longer_paths_and_in_globs() {
        let table = Table::read(TEXT).expect("reads");
        let named = |path: &str, glob: bool| {
            let path: Vec<String> = path.split("::").map(str::to_owned).collect();
            table.restricted_in(&path, glob).map(str::to_owned)
        };
        assert_eq!(named("std::fs::read", false).as_deref(), Some("std::fs"));
        assert_eq!(
            named("std::sync::Mutex", false).as_deref(),
            Some("std::sync::Mutex")
        );
        assert_eq!(named("std::sync", true).as_deref(), Some("std::sync::Mutex"));
        assert_eq!(named("std::sync", false), None);
        assert_eq!(named("std::sync::Arc", false), None);
        assert_eq!(named("ort", false).as_deref(), Some("ort"));
    }

    #[test]
    fn a_missing_table_and_a_short_row_are_errors() {
        let missing = Table::read("# Nothing").expect_err("no table");
        assert!(missing.contains("no table between `<!-- rooms -->`"), "{missing}");
        let short = TEXT.replace("| worker | `units`", "| `units`");
        assert!(
            Table::read(&short)
                .expect_err("short row")
                .starts_with("ARCHITECTURE.md:4")
        );
    }
}
