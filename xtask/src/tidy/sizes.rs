//! Small files: aim at 80 to 300 lines, question at 400, fail at 600.

use super::{Source, has_extension};

const NOTE_ABOVE: usize = 400;
const FAIL_ABOVE: usize = 600;
const LANGUAGES: &[&str] = &["rs", "py", "c", "sh"];

/// Files that may be longer than the limit, each with the reason. An entry that is not needed fails, too.
pub const ALLOWED: &[(&str, &str)] = &[];

/// Problems, and notes for files that are getting long.
pub fn check(sources: &[Source], allowed: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    let mut used = Vec::new();
    for source in sources
        .iter()
        .filter(|s| LANGUAGES.iter().any(|ext| has_extension(&s.path, ext)))
    {
        let (path, lines) = (source.path.as_str(), source.text.lines().count());
        if lines > FAIL_ABOVE {
            if allowed.iter().any(|(name, _)| *name == path) {
                used.push(path);
            } else {
                problems.push(format!(
                    "{path} has {lines} lines; split it (at most {FAIL_ABOVE}, aim at 80 to 300)"
                ));
            }
        } else if lines > NOTE_ABOVE {
            notes.push(format!("{path} has {lines} lines: is it one thing?"));
        }
    }
    for (path, reason) in allowed {
        if !used.contains(path) {
            problems.push(format!(
                "xtask/src/tidy/sizes.rs allows {path} ({reason}), which is not longer than the limit"
            ));
        }
    }
    (problems, notes)
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    #[test]
    fn long_files_are_noted_then_refused() {
        let files = [
            source("a.rs", &"x\n".repeat(400)),
            source("b.rs", &"x\n".repeat(401)),
            source("c.py", &"x\n".repeat(601)),
            source("d.md", &"x\n".repeat(900)),
        ];
        let (problems, notes) = check(&files, &[]);
        assert_eq!(
            problems,
            ["c.py has 601 lines; split it (at most 600, aim at 80 to 300)"]
        );
        assert_eq!(notes, ["b.rs has 401 lines: is it one thing?"]);
    }

    #[test]
    fn the_allow_list_holds_only_what_it_must() {
        let files = [source("c.rs", &"x\n".repeat(601)), source("d.rs", "x\n")];
        let (problems, _) = check(&files, &[("c.rs", "a table"), ("d.rs", "was long")]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("d.rs (was long)"), "{problems:?}");
    }
}
