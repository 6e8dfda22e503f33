//! Cycles in a graph of names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The shortest cycles, no two with a name in common, because fixing these may remove others. The first name of each
/// is also its last. Empty exactly if there is no cycle.
pub fn cycles<'a>(edges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Vec<&'a str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        next.entry(from).or_default().insert(to);
    }
    let mut found: Vec<Vec<&str>> = Vec::new();
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    let mut shortest: Vec<Vec<&str>> = next
        .keys()
        .filter_map(|start| cycle_through(start, &next))
        .collect();
    shortest.sort_by_key(Vec::len);
    for cycle in shortest {
        if !cycle.iter().any(|name| covered.contains(name)) {
            covered.extend(&cycle);
            found.push(cycle);
        }
    }
    found
}

/// The shortest path from a name back to it.
fn cycle_through<'a>(start: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &to in next.get(at).into_iter().flatten() {
            if to == start {
                let (mut cycle, mut name) = (vec![start], at);
                while name != start {
                    cycle.push(name);
                    name = before[name];
                }
                cycle.push(start);
                cycle.reverse();
                return Some(cycle);
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
    fn the_shortest_cycles_without_common_names_are_found() {
        let edges = [
            ("a", "b"),
            ("b", "a"),
            ("b", "c"),
            ("c", "a"),
            ("x", "a"),
            ("y", "z"),
            ("z", "y"),
        ];
        assert_eq!(cycles(edges), [vec!["a", "b", "a"], vec!["y", "z", "y"]]);
    }

    #[test]
    fn two_paths_to_one_name_are_not_a_cycle() {
        assert!(cycles([("a", "b"), ("a", "c"), ("b", "c")]).is_empty());
    }
}
