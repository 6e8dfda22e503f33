//! Checks that no file contains an absolute path of one machine.

use std::path::Path;

use super::source::Source;
use super::syntax::test_lines;

/// Top-level folders of users' files.
const HOMES: [&str; 3] = ["home", "root", "Users"];

pub fn check(sources: &[Source], root: &Path) -> Vec<String> {
    let mut prefixes: Vec<String> = HOMES.iter().map(|home| format!("/{home}/")).collect();
    prefixes.push(root.to_string_lossy().into_owned());
    let mut problems = Vec::new();
    for source in sources {
        // Unit tests of path handling need example paths.
        let tests = source.syntax.as_ref().map(test_lines).unwrap_or_default();
        let checked = (1..)
            .zip(source.text.lines())
            .filter(|(number, _)| !tests.iter().any(|lines| lines.contains(number)));
        for (number, line) in checked {
            for prefix in prefixes.iter().filter(|prefix| starts_path(line, prefix)) {
                problems.push(format!(
                    "{}:{} contains {prefix}, a path of one machine",
                    source.path, number
                ));
            }
        }
    }
    problems
}

/// True if `prefix` is at the start of a path, not in the middle of another one (`$PREFIX` and a folder of the same name).
fn starts_path(line: &str, prefix: &str) -> bool {
    line.match_indices(prefix).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')' | '/' | '~'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_of_one_machine_are_found_and_others_are_not() {
        let at_home = format!("see \"/{}/someone/notes\"", HOMES[0]);
        let in_checkout = "cp /src/voxmeld/x .";
        let fine = format!(
            "open $OUT/{}/x and target/{}/y and /usr/share/doc",
            HOMES[1], HOMES[0]
        );
        let in_tests = format!(
            "#[cfg(test)]\nmod tests {{\n    const A: &str = \"/{}/x\";\n}}\n",
            HOMES[0]
        );
        let files = [
            Source::new("a.md", at_home.clone()),
            Source::new("b.sh", format!("\n{in_checkout}")),
            Source::new("c.rs", fine),
            Source::new("d.rs", in_tests + &format!("// {at_home}")),
        ];
        let problems = check(&files, Path::new("/src/voxmeld"));
        let starts: Vec<_> = problems
            .iter()
            .filter_map(|problem| problem.split(' ').next())
            .collect();
        assert_eq!(starts, ["a.md:1", "b.sh:2", "d.rs:5"], "{problems:?}");
    }
}
