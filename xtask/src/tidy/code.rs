//! Just enough Rust reading for the room rules: what a file names, without comments, strings and its own tests.

/// The code of a file, with comments and literals blanked (line breaks kept, so that lines can be counted) and
/// everything from its test module on left out: tests may reach where the room may not.
pub fn code_of(text: &str) -> String {
    blank_comments_and_literals(before_tests(text))
}

/// The file up to its test module; one that is declared (`mod tests;`) has a file of its own.
pub fn before_tests(text: &str) -> &str {
    const MARK: &str = "#[cfg(test)]";
    let is_module = |at: usize| {
        let declared = text[at + MARK.len()..].trim_start().strip_prefix("mod ");
        declared.is_some_and(|rest| rest[word(rest).len()..].trim_start().starts_with('{'))
    };
    match text
        .match_indices(MARK)
        .map(|(at, _)| at)
        .find(|at| is_module(*at))
    {
        Some(start) => &text[..start],
        None => text,
    }
}

fn blank_comments_and_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let end = skipped_until(&chars, i);
        if end > i {
            out.extend(chars[i..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            i = end;
        } else {
            out.push(chars[i]);
            i += 1;
        }
    }
    out
}

/// Where the comment or literal that starts at `i` ends; `i` itself when none starts there.
fn skipped_until(chars: &[char], i: usize) -> usize {
    let at = |offset: usize| chars.get(i + offset).copied().unwrap_or('\0');
    let in_word = i > 0 && (chars[i - 1].is_alphanumeric() || chars[i - 1] == '_');
    match (at(0), at(1)) {
        ('/', '/') => find_from(chars, i, |c, _| c == '\n').unwrap_or(chars.len()),
        ('/', '*') => end_of_block_comment(chars, i),
        ('"', _) => end_of_string(chars, i + 1),
        ('r', '"' | '#') if !in_word => end_of_raw_string(chars, i + 1).unwrap_or(i),
        // A character literal, and not a lifetime.
        ('\'', '\\') => find_from(chars, i + 3, |c, _| c == '\'').map_or(chars.len(), |end| end + 1),
        ('\'', _) if at(2) == '\'' => i + 3,
        _ => i,
    }
}

fn find_from(chars: &[char], start: usize, wanted: impl Fn(char, usize) -> bool) -> Option<usize> {
    (start..chars.len()).find(|&i| wanted(chars[i], i))
}

fn end_of_block_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut i = start;
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                i += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], mut i: usize) -> usize {
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// From the character after `r`. None when it is a raw identifier and no string.
fn end_of_raw_string(chars: &[char], start: usize) -> Option<usize> {
    let quote = find_from(chars, start, |c, _| c != '#')?;
    if chars[quote] != '"' {
        return None;
    }
    let hashes = quote - start;
    let closes =
        |i: usize| chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    let end = find_from(chars, quote + 1, |_, i| closes(i));
    Some(end.map_or(chars.len(), |end| end + 1 + hashes))
}

/// One name in the code and the line where it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub line: usize,
    pub name: String,
}

/// The names that directly follow `root::`, through groups as well: `crate::{a, b::c}` names `a` and `b`.
/// A chain of `super::` counts as one root.
pub fn children_of(code: &str, root: &str) -> Vec<Named> {
    let start = format!("{root}::");
    let mut named = Vec::new();
    for (position, _) in code.match_indices(&start) {
        if ends_in_word(&code[..position]) {
            continue;
        }
        let line = line_of(code, position);
        let rest = code[position + start.len()..].trim_start();
        let names = if let Some(group) = rest.strip_prefix('{') {
            heads_of_group(group)
        } else {
            vec![word(rest)]
        };
        named.extend(names.into_iter().filter(|n| !n.is_empty()).map(|n| Named {
            line,
            name: n.to_owned(),
        }));
    }
    named
}

/// Where a name stands as a whole word.
pub fn lines_with_word(code: &str, name: &str) -> Vec<usize> {
    code.match_indices(name)
        .filter(|(at, _)| !ends_in_word(&code[..*at]) && word(&code[*at..]) == name)
        .map(|(at, _)| line_of(code, at))
        .collect()
}

/// Where a crate is named: `name::...`, `use name;`, `use name as ...`.
pub fn lines_naming_crate(code: &str, name: &str) -> Vec<usize> {
    let mut lines: Vec<usize> = children_of(code, name)
        .into_iter()
        .map(|named| named.line)
        .collect();
    for (at, start) in code.match_indices("use ") {
        let rest = &code[at + start.len()..];
        let after = rest[word(rest).len()..].trim_start();
        if word(rest) == name && (after.starts_with(';') || after.starts_with("as ")) {
            lines.push(line_of(code, at));
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

fn heads_of_group(group: &str) -> Vec<&str> {
    let mut heads = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(word(group[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(word(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    &text[..end]
}

fn ends_in_word(text: &str) -> bool {
    text.chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn line_of(code: &str, position: usize) -> usize {
    code[..position].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_literals_and_tests_are_no_code() {
        let text = "// ort::a\nlet a = \"faiss::b \\\" Mutex\"; /* x /* Mutex */ y */ let b: &'a str;\n\
                    let c = r#\"std::fs \"quoted\" \"#; let d = '\"'; let e = '\\'';\nend\n\
                    #[cfg(test)]\nmod tests { use faiss::x; }";
        let code = code_of(text);
        for name in ["ort", "faiss", "Mutex", "std", "quoted"] {
            assert!(!code.contains(name), "{name} is left in: {code}");
        }
        assert!(
            code.contains("let b: &'a str;") && code.contains("let e =") && code.contains("end"),
            "{code}"
        );
        assert_eq!(lines_with_word(&code, "end"), [4]);
    }

    #[test]
    fn a_declared_test_module_ends_nothing() {
        assert_eq!(
            before_tests("#[cfg(test)]\nmod tests;\nuse a;"),
            "#[cfg(test)]\nmod tests;\nuse a;"
        );
        assert_eq!(
            before_tests("#[cfg(test)]\nmod tests;\nx\n#[cfg(test)]\nmod t {}"),
            "#[cfg(test)]\nmod tests;\nx\n"
        );
    }

    #[test]
    fn groups_and_plain_paths_are_both_seen() {
        let code =
            "use crate::{units::{Hz, model}, worker, stream::x};\nlet a = crate::model::B;\nmycrate::model";
        let names: Vec<_> = children_of(code, "crate")
            .into_iter()
            .map(|n| (n.line, n.name))
            .collect();
        let expected = [(1, "units"), (1, "worker"), (1, "stream"), (2, "model")];
        assert_eq!(names, expected.map(|(line, name)| (line, name.to_owned())));
    }

    #[test]
    fn crates_are_named_by_path_and_by_use() {
        let code = "use ort;\nuse ort as o;\nlet x = ort::init();\nlet port::y = support::z; let ort = 1;";
        assert_eq!(lines_naming_crate(code, "ort"), [1, 2, 3]);
        assert_eq!(lines_with_word("a Mutex<b>; MutexGuard", "Mutex"), [1]);
    }
}
