//! Queries on a syntax tree: test-only items, paths in `use` declarations and macros.

use std::ops::RangeInclusive;

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, ImplItem, Item, Meta, Token, TraitItem, UseTree};

/// A path as written in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub line: usize,
    pub segments: Vec<String>,
}

/// One leaf of a `use` tree.
pub struct Used {
    pub written: Written,
    /// The name that it imports into the module; none for `*` and `as _`.
    pub alias: Option<String>,
    pub glob: bool,
}

/// Whether an item with these attributes is compiled for tests only.
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<Meta>()
                    .is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    let Meta::List(list) = condition else {
        return condition.path().is_ident("test");
    };
    let Ok(parts) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return false;
    };
    if list.path.is_ident("all") {
        parts.iter().any(needs_test)
    } else {
        list.path.is_ident("any") && parts.iter().all(needs_test)
    }
}

/// The lines of a file's test-only items, attributes included.
pub fn test_lines(file: &syn::File) -> Vec<RangeInclusive<usize>> {
    file.items
        .iter()
        .filter(|item| is_test_only(attributes_of(item)))
        .map(|item| item.span().start().line..=item.span().end().line)
        .collect()
}

pub fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

pub fn attributes_in_impl(item: &ImplItem) -> &[Attribute] {
    match item {
        ImplItem::Const(item) => &item.attrs,
        ImplItem::Fn(item) => &item.attrs,
        ImplItem::Type(item) => &item.attrs,
        ImplItem::Macro(item) => &item.attrs,
        _ => &[],
    }
}

pub fn attributes_in_trait(item: &TraitItem) -> &[Attribute] {
    match item {
        TraitItem::Const(item) => &item.attrs,
        TraitItem::Fn(item) => &item.attrs,
        TraitItem::Type(item) => &item.attrs,
        TraitItem::Macro(item) => &item.attrs,
        _ => &[],
    }
}

/// `use a::{b, c as d, e::*}` as three leaves.
pub fn leaves(tree: &UseTree) -> Vec<Used> {
    let mut found = Vec::new();
    collect_leaves(tree, &mut Vec::new(), &mut found);
    found
}

fn collect_leaves(tree: &UseTree, prefix: &mut Vec<String>, found: &mut Vec<Used>) {
    let mut leaf = |line: usize, last: Option<String>, alias: Option<String>, glob: bool| {
        let segments = prefix.iter().cloned().chain(last.filter(|name| name != "self"));
        let written = Written {
            line,
            segments: segments.collect(),
        };
        let alias = match alias.as_deref() {
            Some("_") => None,
            Some("self") => written.segments.last().cloned(),
            _ => alias,
        };
        found.push(Used { written, alias, glob });
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            collect_leaves(&path.tree, prefix, found);
            prefix.pop();
        }
        UseTree::Name(name) => {
            let text = name.ident.to_string();
            leaf(
                name.ident.span().start().line,
                Some(text.clone()),
                Some(text),
                false,
            );
        }
        UseTree::Rename(rename) => {
            let line = rename.ident.span().start().line;
            leaf(
                line,
                Some(rename.ident.to_string()),
                Some(rename.rename.to_string()),
                false,
            );
        }
        UseTree::Glob(glob) => leaf(glob.star_token.span.start().line, None, None, true),
        UseTree::Group(group) => group
            .items
            .iter()
            .for_each(|tree| collect_leaves(tree, prefix, found)),
    }
}

/// Paths of at least two segments in the arguments of a macro, which syn does not parse.
pub fn paths_in(tokens: TokenStream) -> Vec<Written> {
    let mut found = Vec::new();
    let mut path = Written {
        line: 0,
        segments: Vec::new(),
    };
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' && !path.segments.is_empty() => colons += 1,
            TokenTree::Ident(ident) if colons == 2 => {
                path.segments.push(ident.to_string());
                colons = 0;
            }
            other => {
                end_path(&mut path, &mut found);
                colons = 0;
                match other {
                    TokenTree::Group(group) => found.extend(paths_in(group.stream())),
                    TokenTree::Ident(ident) => {
                        path.line = ident.span().start().line;
                        path.segments.push(ident.to_string());
                    }
                    _ => {}
                }
            }
        }
    }
    end_path(&mut path, &mut found);
    found
}

fn end_path(path: &mut Written, found: &mut Vec<Written>) {
    let segments = std::mem::take(&mut path.segments);
    if segments.len() >= 2 {
        found.push(Written {
            line: path.line,
            segments,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_item_is_test(text: &str) -> bool {
        is_test_only(attributes_of(&syn::parse_file(text).expect("parses").items[0]))
    }

    #[test]
    fn cfg_conditions_that_require_test_are_test_only() {
        for text in [
            "#[cfg(test)] mod a;",
            "#[cfg(all(test, unix))] fn a() {}",
            "#[test] fn a() {}",
        ] {
            assert!(first_item_is_test(text), "{text}");
        }
        for text in [
            "#[cfg(not(test))] mod a;",
            "#[cfg(any(test, feature = \"x\"))] use a::b;",
            "#[cfg(unix)] mod a;",
        ] {
            assert!(!first_item_is_test(text), "{text}");
        }
    }

    #[test]
    fn test_lines_span_from_attribute_to_closing_brace() {
        let file = syn::parse_file("use a;\n#[cfg(test)]\nmod t {\n}\nfn b() {}\n").expect("parses");
        assert_eq!(test_lines(&file), [2..=4]);
    }

    #[test]
    fn paths_in_nested_macro_tokens_are_found() {
        let tokens = "\"{}\", a::b(x), [crate::c::D], y: z, e ::f"
            .parse()
            .expect("tokens");
        let paths: Vec<String> = paths_in(tokens).iter().map(|p| p.segments.join("::")).collect();
        assert_eq!(paths, ["a::b", "crate::c::D", "e::f"]);
    }
}
