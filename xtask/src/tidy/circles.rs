//! Circles in a graph of names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The shortest circles, no two with a name in common: others may go once these are mended. The first name of each
/// is its last, too. Empty exactly when there is no circle.
pub fn circles<'a>(edges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Vec<&'a str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        next.entry(from).or_default().insert(to);
    }
    let mut found: Vec<Vec<&str>> = Vec::new();
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    let mut shortest: Vec<Vec<&str>> = next.keys().filter_map(|start| circle_of(start, &next)).collect();
    shortest.sort_by_key(Vec::len);
    for circle in shortest {
        if !circle.iter().any(|name| covered.contains(name)) {
            covered.extend(&circle);
            found.push(circle);
        }
    }
    found
}

/// The shortest way from a name back to it.
fn circle_of<'a>(start: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &to in next.get(at).into_iter().flatten() {
            if to == start {
                let (mut circle, mut name) = (vec![start], at);
                while name != start {
                    circle.push(name);
                    name = before[name];
                }
                circle.push(start);
                circle.reverse();
                return Some(circle);
            }
            if !before.contains_key(to) {
                before.insert(to, at);
                queue.push_back(to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_circles_without_common_names_are_found() {
        let edges = [
            ("a", "b"),
            ("b", "a"),
            ("b", "c"),
            ("c", "a"),
            ("x", "a"),
            ("y", "z"),
            ("z", "y"),
        ];
        assert_eq!(circles(edges), [vec!["a", "b", "a"], vec!["y", "z", "y"]]);
    }

    #[test]
    fn two_ways_to_one_place_are_no_circle() {
        assert!(circles([("a", "b"), ("a", "c"), ("b", "c")]).is_empty());
    }
}
