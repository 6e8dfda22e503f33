//! Pairs voices with indices by their names.

use std::path::{Path, PathBuf};

/// RVC's prefix of an index's name.
const ADDED: &str = "added_";
/// RVC's prefix of an index without vectors, which its training leaves behind.
const TRAINED: &str = "trained_";

/// True for an index that RVC wrote before it added the vectors.
pub fn is_trained_only(index: &Path) -> bool {
    stem(index).starts_with(TRAINED)
}

/// The index among `indices` that belongs to the voice `voice`: the one with the same name, or the
/// only one if there is only one voice.
pub fn index_of(voice: &Path, indices: &[PathBuf], voices: usize) -> Option<PathBuf> {
    let wanted = plain(&voice_name(&stem(voice)));
    let named = indices
        .iter()
        .find(|index| plain(&index_name(&stem(index))) == wanted);
    let only = || match indices {
        [only] if voices == 1 => Some(only),
        _ => None,
    };
    named.or_else(only).cloned()
}

/// A voice's name without epoch and steps: `NAME_e200_s4000`.
pub fn voice_name(stem: &str) -> String {
    let mut parts: Vec<&str> = stem.split('_').collect();
    let counts = |part: &str, letter: char| {
        let digits = part.strip_prefix(letter);
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    for letter in ['s', 'e'] {
        if parts.len() > 1 && parts.last().is_some_and(|last| counts(last, letter)) {
            parts.pop();
        }
    }
    parts.join("_")
}

/// The voice's name in `added_IVF256_Flat_nprobe_1_NAME_v2`.
fn index_name(stem: &str) -> String {
    let Some(rest) = stem.strip_prefix(ADDED) else {
        return stem.to_string();
    };
    let rest = rest
        .split_once("_nprobe_")
        .and_then(|(_, rest)| rest.split_once('_'))
        .map_or(rest, |(_, name)| name);
    let rest = rest
        .strip_suffix("_v1")
        .or_else(|| rest.strip_suffix("_v2"))
        .unwrap_or(rest);
    rest.to_string()
}

/// Only letters and digits, in lower case, because names differ in their separators.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

pub fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_paired_by_name_else_with_the_only_voice() {
        let index = |names: &[&str], voice: &str, voices| {
            let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
            index_of(Path::new(voice), &paths, voices).map(|path| path.display().to_string())
        };
        let rvc = "added_IVF256_Flat_nprobe_1_Jörg_B_v2.index";
        for voice in [
            "Jörg_B.pth",
            "jörg b.pth",
            "Jörg_B_e200_s4000.pth",
            "JörgB_e5.pth",
        ] {
            assert_eq!(
                index(&["other.index", rvc], voice, 2),
                Some(rvc.into()),
                "{voice}"
            );
        }
        assert_eq!(index(&["x.index", rvc], "x.pth", 1), Some("x.index".into()));
        assert_eq!(
            index(&["model.index"], "Singer.pth", 1),
            Some("model.index".into())
        );
        assert_eq!(index(&["model.index"], "Singer.pth", 2), None);
        assert_eq!(index(&["a.index", "b.index"], "Singer.pth", 1), None);
    }
}
