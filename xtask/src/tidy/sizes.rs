//! Checks file lengths: aim at 80 to 300 lines; a Rust file has at max 400, the median at max 150.

use super::source::{Source, has_extension};

const MAX_RUST_LINES: usize = 400;
const MAX_MEDIAN_RUST_LINES: usize = 150;
const MAX_OTHER_LINES: usize = 600;
const OTHER_LANGUAGES: &[&str] = &["py", "c", "sh"];

/// Files that may be longer than the limit, each with the reason. An unneeded entry is a problem.
pub const ALLOWED: &[(&str, &str)] = &[];

/// Problems, and the median as a note.
pub fn check(sources: &[Source], allowed: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut problems = Vec::new();
    let (mut used, mut rust) = (Vec::new(), Vec::new());
    for source in sources {
        let (path, lines) = (source.path.as_str(), source.text.lines().count());
        let max = if source.is_rust() {
            rust.push(lines);
            MAX_RUST_LINES
        } else if OTHER_LANGUAGES.iter().any(|ext| has_extension(path, ext)) {
            MAX_OTHER_LINES
        } else {
            continue;
        };
        if lines <= max {
            continue;
        }
        if allowed.iter().any(|(name, _)| *name == path) {
            used.push(path);
        } else {
            problems.push(format!(
                "{path} has {lines} lines; split it (at max {max}, aim at 80 to 300)"
            ));
        }
    }
    for (path, reason) in allowed.iter().filter(|(path, _)| !used.contains(path)) {
        problems.push(format!(
            "xtask/src/tidy/sizes.rs allows {path} ({reason}), which is within the limit: remove that entry"
        ));
    }
    rust.sort_unstable();
    let Some(median) = rust.get(rust.len().saturating_sub(1) / 2) else {
        return (problems, Vec::new());
    };
    if *median > MAX_MEDIAN_RUST_LINES {
        problems.push(format!(
            "half of the Rust files have {median} lines or more; split the longer ones until the median is at max \
             {MAX_MEDIAN_RUST_LINES}"
        ));
    }
    let note = format!("{} Rust files, median {median} lines", rust.len());
    (problems, vec![note])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, count: usize) -> Source {
        Source::new(path, "//\n".repeat(count))
    }

    #[test]
    fn rust_files_above_400_lines_fail() {
        let files = [
            lines("a.rs", 400),
            lines("b.rs", 401),
            lines("c.py", 401),
            lines("d.py", 601),
            lines("e.md", 900),
            lines("f.rs", 1),
            lines("g.rs", 1),
        ];
        let (problems, notes) = check(&files, &[]);
        assert_eq!(
            problems,
            [
                "b.rs has 401 lines; split it (at max 400, aim at 80 to 300)",
                "d.py has 601 lines; split it (at max 600, aim at 80 to 300)"
            ]
        );
        assert_eq!(notes, ["4 Rust files, median 1 lines"]);
    }

    #[test]
    fn a_median_above_150_lines_fails() {
        let (problems, _) = check(&[lines("a.rs", 10), lines("b.rs", 151), lines("c.rs", 200)], &[]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("have 151 lines"), "{problems:?}");
        let (problems, _) = check(&[lines("a.rs", 10), lines("b.rs", 150), lines("c.rs", 200)], &[]);
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn an_unneeded_entry_of_the_allow_list_is_a_problem() {
        let files = [lines("c.rs", 601), lines("d.rs", 1), lines("e.rs", 1)];
        let (problems, _) = check(&files, &[("c.rs", "a table"), ("d.rs", "was long")]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("d.rs (was long)"), "{problems:?}");
    }
}
