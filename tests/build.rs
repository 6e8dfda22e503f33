//! Replaces faiss's innermost functions with AVX2 versions where the processor supports them: see
//! `core/link/fvec_dispatch.c`. Each package that links faiss has to pass these arguments to its linker.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}"));
    if target("ARCH").as_deref() == Ok("x86_64") && target("OS").as_deref() == Ok("linux") {
        for function in [
            "_ZN5faiss10fvec_L2sqrEPKfS1_m",
            "_ZN5faiss18fvec_inner_productEPKfS1_m",
        ] {
            println!("cargo:rustc-link-arg=-Wl,--wrap={function}");
        }
    }
}
