//! Sends faiss's innermost functions to faster ones where the processor has AVX2: see
//! `core/link/fvec_dispatch.c`. Each package that links faiss has to ask its linker for it.

fn main() {
    println!("cargo:rerun-if-changed=Cargo.toml");
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
