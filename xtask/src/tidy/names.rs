//! Names in one file: its modules, their `use` declarations, and every path in their code.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, ImplItem, Item, ItemMod, ItemUse, Lit, Meta, TraitItem, Visibility};

use super::syntax::{
    Written, attributes_in_impl, attributes_in_trait, attributes_of, is_test_only, leaves, paths_in,
};

/// One module of a file: the file itself, or a `mod x { .. }` in it.
#[derive(Default)]
pub struct Scope {
    /// The names of the inline modules around it; empty for the file itself.
    pub nesting: Vec<String>,
    pub names: Vec<Name>,
    /// Names imported by `use`, with the path that each stands for.
    pub aliases: BTreeMap<String, Vec<String>>,
    pub declared: Vec<Declared>,
}

pub struct Name {
    pub written: Written,
    pub glob: bool,
    /// From a `pub use`.
    pub reexport: bool,
}

/// A `mod x;`.
pub struct Declared {
    pub name: String,
    /// From `#[path = ".."]`.
    pub path: Option<String>,
    pub test: bool,
}

/// The modules of a file, outer before inner. Test-only items are skipped, except the files that they declare.
pub fn read(file: &syn::File) -> Vec<Scope> {
    let mut reader = Reader {
        scopes: vec![Scope::default()],
        current: 0,
    };
    reader.visit_file(file);
    reader.scopes
}

struct Reader {
    scopes: Vec<Scope>,
    current: usize,
}

impl Reader {
    fn scope(&mut self) -> &mut Scope {
        &mut self.scopes[self.current]
    }

    fn name(&mut self, written: Written) {
        self.scope().names.push(Name {
            written,
            glob: false,
            reexport: false,
        });
    }

    fn declare(&mut self, module: &ItemMod, test: bool) {
        let declared = Declared {
            name: module.ident.to_string(),
            path: path_attribute(&module.attrs),
            test,
        };
        self.scope().declared.push(declared);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test_only(attributes_of(item)) {
            visit::visit_item(self, item);
        } else if let Item::Mod(module) = item
            && module.content.is_none()
        {
            self.declare(module, true);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !is_test_only(attributes_in_impl(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if !is_test_only(attributes_in_trait(item)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !is_test_only(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_test_only(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let Some((_, items)) = &module.content else {
            self.declare(module, false);
            return;
        };
        let mut nesting = self.scope().nesting.clone();
        nesting.push(module.ident.to_string());
        let outer = self.current;
        self.current = self.scopes.len();
        self.scopes.push(Scope {
            nesting,
            ..Scope::default()
        });
        items.iter().for_each(|item| self.visit_item(item));
        self.current = outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let reexport = !matches!(item.vis, Visibility::Inherited);
        for used in leaves(&item.tree) {
            if let Some(alias) = used.alias {
                self.scope().aliases.insert(alias, used.written.segments.clone());
            }
            self.scope().names.push(Name {
                written: used.written,
                glob: used.glob,
                reexport,
            });
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        // A single lower-case segment is usually a local variable or function, and names imported by `use` are
        // recorded there.
        if segments.len() > 1 || segments[0].starts_with(char::is_uppercase) {
            let line = path.segments[0].ident.span().start().line;
            self.name(Written { line, segments });
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        for written in paths_in(call.tokens.clone()) {
            self.name(written);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.visit_path(attribute.path());
        if let Meta::List(list) = &attribute.meta {
            for written in paths_in(list.tokens.clone()) {
                self.name(written);
            }
        }
    }

    // The path in `pub(in crate::x)` is not an import.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Vec<Scope> {
        read(&syn::parse_file(text).expect("parses"))
    }

    fn paths(scope: &Scope) -> Vec<String> {
        let named = scope.names.iter().map(|n| &n.written);
        named
            .map(|w| format!("{} {}", w.line, w.segments.join("::")))
            .collect()
    }

    #[test]
    fn use_trees_are_flattened_with_lines_and_aliases() {
        let scope = &scopes("use a::{self, b as c,\n d::*, e as _};\npub use f::G;")[0];
        assert_eq!(paths(scope), ["1 a", "1 a::b", "2 a::d", "2 a::e", "3 f::G"]);
        let aliases: Vec<_> = scope.aliases.keys().map(String::as_str).collect();
        assert_eq!(aliases, ["G", "a", "c"]);
        let reexports: Vec<_> = scope.names.iter().map(|n| n.reexport).collect();
        assert_eq!(reexports, [false, false, false, false, true]);
    }

    #[test]
    fn paths_in_types_calls_macros_and_attributes_are_found() {
        let text = "#[derive(s::D)]\nstruct A(crate::b::B);\nfn f() -> Box<dyn c::C> { d::e(); m!(x, g::h) }";
        let found = paths(&scopes(text)[0]);
        for wanted in ["1 s::D", "2 crate::b::B", "3 c::C", "3 d::e", "3 g::h"] {
            assert!(
                found.iter().any(|path| path == wanted),
                "{wanted} is not in {found:?}"
            );
        }
    }

    #[test]
    fn test_code_comments_and_strings_are_skipped_but_test_files_are_declared() {
        let text = "// ort::a\nconst A: &str = \"ort::b\";\n#[cfg(test)]\nmod tests { use ort::c; }\n\
                    #[cfg(test)]\nmod more;\nimpl B { #[cfg(test)] fn f() { ort::d(); } }";
        let scope = &scopes(text)[0];
        assert!(
            !paths(scope).iter().any(|path| path.contains("ort")),
            "{:?}",
            paths(scope)
        );
        assert!(scope.declared[0].name == "more" && scope.declared[0].test);
    }

    #[test]
    fn inline_modules_have_their_own_names() {
        let all = scopes("mod a { mod b { use super::c; } #[path = \"x.rs\"] mod d; }");
        assert_eq!(all[2].nesting, ["a", "b"]);
        assert_eq!(paths(&all[2]), ["1 super::c"]);
        assert_eq!(all[1].declared[0].path.as_deref(), Some("x.rs"));
    }
}
