//! No file names a place of one machine: it would be wrong on every other.

use std::path::Path;

use super::Source;
use super::code::before_tests;

/// First folders under which people's own files lie.
const HOMES: [&str; 3] = ["home", "root", "Users"];

pub fn check(sources: &[Source], root: &Path) -> Vec<String> {
    let mut places: Vec<String> = HOMES.iter().map(|home| format!("/{home}/")).collect();
    places.push(root.to_string_lossy().into_owned());
    let mut problems = Vec::new();
    for source in sources {
        // Unit tests of path handling need example paths.
        let text = if source.is_rust() {
            before_tests(&source.text)
        } else {
            &source.text
        };
        for (number, line) in text.lines().enumerate() {
            for place in places.iter().filter(|place| starts_path(line, place)) {
                problems.push(format!(
                    "{}:{} names {place}, a place of one machine",
                    source.path,
                    number + 1
                ));
            }
        }
    }
    problems
}

/// Whether the place stands at the start of a path, and not in the middle of another one (`$PREFIX` and a folder of the same name).
fn starts_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')' | '/' | '~'))
    })
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    #[test]
    fn places_of_one_machine_are_found_and_others_are_not() {
        let at_home = format!("see \"/{}/someone/notes\"", HOMES[0]);
        let in_checkout = "cp /src/voxmeld/x .";
        let fine = format!(
            "open $OUT/{}/x and target/{}/y and /usr/share/doc",
            HOMES[1], HOMES[0]
        );
        let files = [
            source("a.md", &at_home),
            source("b.sh", &format!("\n{in_checkout}")),
            source("c.rs", &fine),
        ];
        let problems = check(&files, Path::new("/src/voxmeld"));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0].starts_with("a.md:1") && problems[1].starts_with("b.sh:2"),
            "{problems:?}"
        );
    }
}
