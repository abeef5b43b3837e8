//! Facts of one source file, in one pass over its syntax: scopes, references, functions, doc comments.
//!
//! Items, methods and statements under `#[cfg(test)]` are left out; everything else counts, whatever its features.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Kind of a named item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Type,
    Trait,
    Value,
}

/// Meaning of a name in a scope.
#[derive(Clone, Debug)]
pub(super) enum Def {
    Item(Kind),
    /// A module in a file of its own.
    File(String),
    /// A module within this file: its scope.
    Inline(usize),
    Import(Vec<String>),
}

/// The names of a module or of a block.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The enclosing scope of a block, or the enclosing module of an inline module.
    pub parent: Option<usize>,
    pub is_block: bool,
    pub names: BTreeMap<String, Vec<Def>>,
    pub globs: Vec<Vec<String>>,
}

/// Form of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Code,
    Macro,
    Import { public: bool, glob: bool, renamed: bool },
}

/// A path as written, from the scope where it is written.
#[derive(Debug)]
pub(super) struct Reference {
    pub line: usize,
    pub scope: usize,
    pub path: Vec<String>,
    pub form: Form,
}

#[derive(Debug, Default)]
pub(super) struct Facts {
    pub lines: usize,
    /// The first is that of the file.
    pub scopes: Vec<Scope>,
    pub references: Vec<Reference>,
    /// Line, name and length of every function.
    pub functions: Vec<(usize, String, usize)>,
    /// Line and first word of every doc comment.
    pub comments: Vec<(usize, String)>,
    /// Line and name of every attribute or macro that hides the file of an item.
    pub hiding: Vec<(usize, String)>,
    /// Line and name of every type and trait of a module.
    pub types: Vec<(usize, String)>,
}

impl Facts {
    /// Reads the text of a file.
    pub(super) fn of(path: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader::default();
        reader.facts.lines = text.lines().count();
        reader.scoped(&file.items.iter().collect::<Vec<_>>(), false, |reader| visit::visit_file(reader, &file));
        reader.facts
    }
}

/// Whether the attributes limit an item to tests.
fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    fn requires_test(meta: &syn::Meta) -> bool {
        type Metas = syn::punctuated::Punctuated<syn::Meta, syn::Token![,]>;
        match meta {
            syn::Meta::Path(path) => path.is_ident("test"),
            syn::Meta::List(list) if list.path.is_ident("all") => {
                list.parse_args_with(Metas::parse_terminated).is_ok_and(|all| all.iter().any(requires_test))
            }
            _ => false,
        }
    }
    let predicates = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    predicates.filter_map(|cfg| cfg.parse_args().ok()).any(|meta: syn::Meta| requires_test(&meta))
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item as I;
    match item {
        I::Const(syn::ItemConst { attrs, .. })
        | I::Enum(syn::ItemEnum { attrs, .. })
        | I::ExternCrate(syn::ItemExternCrate { attrs, .. })
        | I::Fn(syn::ItemFn { attrs, .. })
        | I::Impl(syn::ItemImpl { attrs, .. })
        | I::Macro(syn::ItemMacro { attrs, .. })
        | I::Mod(syn::ItemMod { attrs, .. })
        | I::Static(syn::ItemStatic { attrs, .. })
        | I::Struct(syn::ItemStruct { attrs, .. })
        | I::Trait(syn::ItemTrait { attrs, .. })
        | I::Type(syn::ItemType { attrs, .. })
        | I::Union(syn::ItemUnion { attrs, .. })
        | I::Use(syn::ItemUse { attrs, .. }) => attrs,
        _ => &[],
    }
}

/// An import, flattened: the whole path, its name in the scope, and whether it is a glob.
struct Leaf {
    line: usize,
    path: Vec<String>,
    name: String,
    glob: bool,
}

fn leaves(tree: &syn::UseTree, mut prefix: Vec<String>, into: &mut Vec<Leaf>) {
    let mut leaf = |line, path, name, glob| into.push(Leaf { line, path, name, glob });
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            leaves(&path.tree, prefix, into);
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, prefix.clone(), into)),
        syn::UseTree::Glob(glob) => leaf(line(glob.star_token.spans[0]), prefix, String::new(), true),
        syn::UseTree::Name(syn::UseName { ident }) | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
            if ident != "self" {
                prefix.push(ident.to_string());
            }
            let name = match tree {
                syn::UseTree::Rename(renamed) => renamed.rename.to_string(),
                _ => prefix.last().cloned().unwrap_or_default(),
            };
            leaf(line(ident.span()), prefix, name, false);
        }
    }
}

fn imports(item: &syn::ItemUse) -> Vec<Leaf> {
    let mut found = Vec::new();
    leaves(&item.tree, item.leading_colon.iter().map(|_| "::".to_owned()).collect(), &mut found);
    found
}

fn line(span: Span) -> usize {
    span.start().line
}

#[derive(Default)]
struct Reader {
    facts: Facts,
    scope: usize,
    /// Local variables and type parameters of the function.
    bound: BTreeSet<String>,
    /// Line after the last doc attribute, and whether it was an inner one.
    comment: (usize, bool),
}

impl Reader {
    /// Reads a module or block within a scope that knows its items.
    fn scoped(&mut self, items: &[&syn::Item], is_block: bool, read: impl FnOnce(&mut Self)) {
        let outside = self.scope;
        self.scope = self.facts.scopes.len();
        let parent = (self.scope > 0).then_some(outside);
        self.facts.scopes.push(Scope { parent, is_block, ..Scope::default() });
        for item in items.iter().filter(|item| !is_test_only(attributes_of(item))) {
            self.declare(item, is_block);
        }
        read(self);
        self.scope = outside;
    }

    fn declare(&mut self, item: &syn::Item, is_block: bool) {
        use syn::Item as I;
        let (ident, kind) = match item {
            I::Struct(syn::ItemStruct { ident, .. })
            | I::Enum(syn::ItemEnum { ident, .. })
            | I::Union(syn::ItemUnion { ident, .. })
            | I::Type(syn::ItemType { ident, .. }) => (ident, Kind::Type),
            I::Trait(item) => (&item.ident, Kind::Trait),
            I::Fn(item) => (&item.sig.ident, Kind::Value),
            I::Const(syn::ItemConst { ident, .. })
            | I::Static(syn::ItemStatic { ident, .. })
            | I::Macro(syn::ItemMacro { ident: Some(ident), .. }) => (ident, Kind::Value),
            // A module within the file is declared when it is read.
            I::Mod(item) if item.content.is_none() => {
                return self.name(&item.ident.to_string(), Def::File(item.ident.to_string()));
            }
            I::Use(item) => {
                for leaf in imports(item) {
                    if leaf.glob {
                        self.facts.scopes[self.scope].globs.push(leaf.path);
                    } else {
                        self.name(&leaf.name, Def::Import(leaf.path));
                    }
                }
                return;
            }
            _ => return,
        };
        if kind != Kind::Value && !is_block {
            self.facts.types.push((line(ident.span()), ident.to_string()));
        }
        self.name(&ident.to_string(), Def::Item(kind));
    }

    fn name(&mut self, name: &str, def: Def) {
        self.facts.scopes[self.scope].names.entry(name.to_owned()).or_default().push(def);
    }

    fn refer(&mut self, line: usize, path: Vec<String>, form: Form) {
        let local = path.len() == 1 && form == Form::Code && self.bound.contains(&path[0]);
        if !local && path.first().is_some_and(|first| first != "Self") {
            self.facts.references.push(Reference { line, scope: self.scope, path, form });
        }
    }

    /// Finds paths and doc comments in tokens that are no syntax yet: those of a macro or an attribute.
    fn tokens(&mut self, tokens: TokenStream, prefix: &[String], in_attribute: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == wanted);
        let colons = |at| is(at, ':') && is(at + 1, ':');
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => {
                    if at > 0 && is(at - 1, '#') {
                        self.doc_in_tokens(group);
                    } else {
                        self.tokens(group.stream(), prefix, in_attribute);
                    }
                    at += 1;
                }
                TokenTree::Ident(first) => {
                    let first_at = at;
                    let mut path = prefix.to_vec();
                    path.push(first.to_string());
                    at += 1;
                    while colons(at) {
                        match tokens.get(at + 2) {
                            Some(TokenTree::Ident(next)) => path.push(next.to_string()),
                            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                                self.tokens(group.stream(), &path, in_attribute);
                            }
                            _ => break,
                        }
                        at += 3;
                    }
                    let is_before = |wanted| first_at > 0 && is(first_at - 1, wanted);
                    let is_field = is_before('.') && !(first_at > 1 && is(first_at - 2, '.'));
                    let is_rest = first_at > 1 && colons(first_at - 2) && path.len() == 1;
                    let is_key = in_attribute && path.len() == 1 && !is_before('=');
                    if is(at, '!') && !is(at + 1, '=') {
                        self.refer(line(first.span()), path, Form::Macro);
                    } else if !is_field && !is_rest && !is_key && !is_before('\'') {
                        self.refer(line(first.span()), path, Form::Code);
                    }
                }
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let path = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                    let path = path.filter(|_| in_attribute && at > 0 && is(at - 1, '='));
                    if let Some(path) = path.and_then(|path| syn::parse_str::<syn::Path>(path).ok()) {
                        self.refer(line(literal.span()), segments(&path), Form::Code);
                    }
                    at += 1;
                }
                TokenTree::Punct(_) => at += 1,
            }
        }
    }

    fn hide(&mut self, path: &syn::Path) {
        if let Some(name) = HIDING.into_iter().find(|name| path.is_ident(name)) {
            self.facts.hiding.push((path_line(path), name.to_owned()));
        }
    }

    fn doc_in_tokens(&mut self, attribute: &proc_macro2::Group) {
        let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
        if let [TokenTree::Ident(name), _, TokenTree::Literal(text)] = tokens.as_slice()
            && name == "doc"
            && let Ok(text) = syn::parse_str::<syn::LitStr>(&text.to_string())
        {
            let (first, last) = (line(name.span()), attribute.span_close().end().line);
            self.comment(first, last, false, &text.value());
        }
    }

    /// Notes the first word of a comment, unless the attribute goes on with the comment above.
    fn comment(&mut self, first: usize, last: usize, inner: bool, text: &str) {
        let goes_on = self.comment == (first, inner);
        let word = text.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
        if goes_on || word.is_some() {
            self.comment = (last + 1, inner);
        }
        if let Some(word) = word.filter(|_| !goes_on) {
            self.facts.comments.push((first, word.to_owned()));
        }
    }

    fn function<'a>(
        &mut self,
        signature: &'a syn::Signature,
        body: Option<&'a syn::Block>,
        read: impl FnOnce(&mut Self),
    ) {
        if let Some(body) = body {
            let first = line(signature.fn_token.span);
            let last = body.brace_token.span.close().end().line;
            self.facts.functions.push((first, signature.ident.to_string(), last + 1 - first));
        }
        let outside = self.bound.clone();
        let mut bound = Bound(&mut self.bound);
        bound.visit_signature(signature);
        if let Some(body) = body {
            bound.visit_block(body);
        }
        read(self);
        self.bound = outside;
    }
}

/// Gathers the local variables and type parameters of a function.
struct Bound<'a>(&'a mut BTreeSet<String>);

impl<'a> Visit<'a> for Bound<'_> {
    fn visit_pat_ident(&mut self, node: &'a syn::PatIdent) {
        // A capital begins a constant or a variant.
        let name = node.ident.to_string();
        if !name.starts_with(char::is_uppercase) {
            self.0.insert(name);
        }
        visit::visit_pat_ident(self, node);
    }

    fn visit_type_param(&mut self, node: &'a syn::TypeParam) {
        self.0.insert(node.ident.to_string());
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    let start = path.leading_colon.iter().map(|_| "::".to_owned());
    start.chain(path.segments.iter().map(|segment| segment.ident.to_string())).collect()
}

/// Attributes and macros that bring in items without a path to them.
const HIDING: [&str; 4] = ["include", "macro_export", "macro_use", "path"];

fn path_line(path: &syn::Path) -> usize {
    path.segments.first().map_or(0, |segment| line(segment.ident.span()))
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, node: &'a syn::Item) {
        if !is_test_only(attributes_of(node)) {
            visit::visit_item(self, node);
        }
    }

    fn visit_item_fn(&mut self, node: &'a syn::ItemFn) {
        self.function(&node.sig, Some(&node.block), |reader| visit::visit_item_fn(reader, node));
    }

    fn visit_impl_item_fn(&mut self, node: &'a syn::ImplItemFn) {
        if !is_test_only(&node.attrs) {
            self.function(&node.sig, Some(&node.block), |reader| visit::visit_impl_item_fn(reader, node));
        }
    }

    fn visit_trait_item_fn(&mut self, node: &'a syn::TraitItemFn) {
        self.function(&node.sig, node.default.as_ref(), |reader| visit::visit_trait_item_fn(reader, node));
    }

    fn visit_local(&mut self, node: &'a syn::Local) {
        if !is_test_only(&node.attrs) {
            visit::visit_local(self, node);
        }
    }

    fn visit_item_mod(&mut self, node: &'a syn::ItemMod) {
        let Some((_, items)) = &node.content else { return visit::visit_item_mod(self, node) };
        let scope = self.facts.scopes.len();
        self.name(&node.ident.to_string(), Def::Inline(scope));
        self.scoped(&items.iter().collect::<Vec<_>>(), false, |reader| visit::visit_item_mod(reader, node));
    }

    fn visit_block(&mut self, node: &'a syn::Block) {
        let items = node.stmts.iter().filter_map(|statement| match statement {
            syn::Stmt::Item(item) => Some(item),
            _ => None,
        });
        let items: Vec<&syn::Item> = items.collect();
        if items.is_empty() {
            visit::visit_block(self, node);
        } else {
            self.scoped(&items, true, |reader| visit::visit_block(reader, node));
        }
    }

    fn visit_item_use(&mut self, node: &'a syn::ItemUse) {
        let public = !matches!(node.vis, syn::Visibility::Inherited);
        for leaf in imports(node) {
            let renamed = !leaf.glob && leaf.path.last() != Some(&leaf.name);
            self.refer(leaf.line, leaf.path, Form::Import { public, glob: leaf.glob, renamed });
        }
    }

    fn visit_path(&mut self, node: &'a syn::Path) {
        self.refer(path_line(node), segments(node), Form::Code);
        visit::visit_path(self, node);
    }

    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}

    fn visit_macro(&mut self, node: &'a syn::Macro) {
        self.hide(&node.path);
        self.refer(path_line(&node.path), segments(&node.path), Form::Macro);
        self.tokens(node.tokens.clone(), &[], false);
    }

    fn visit_attribute(&mut self, node: &'a syn::Attribute) {
        self.hide(node.path());
        let inner = matches!(node.style, syn::AttrStyle::Inner(_));
        match &node.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => {
                if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value {
                    let last = line(node.bracket_token.span.close());
                    self.comment(line(node.pound_token.spans[0]), last, inner, &text.value());
                }
            }
            syn::Meta::List(list) if !list.path.is_ident("cfg") => self.tokens(list.tokens.clone(), &[], true),
            _ => {}
        }
    }
}
