//! Replaces faiss's innermost functions with AVX2 versions where the processor supports them: see
//! `core/link/fvec_dispatch.c`. Each package that links faiss has to pass these arguments to its linker.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}"));
    // The names end with the type of `size_t`.
    let size = match (target("OS").as_deref(), target("ENV").as_deref()) {
        (Ok("linux"), _) => 'm',
        (Ok("windows"), Ok("gnu")) => 'y',
        _ => return,
    };
    if target("ARCH").as_deref() == Ok("x86_64") {
        for function in [
            "_ZN5faiss10fvec_L2sqrEPKfS1_",
            "_ZN5faiss18fvec_inner_productEPKfS1_",
        ] {
            println!("cargo:rustc-link-arg=-Wl,--wrap={function}{size}");
        }
    }
}
