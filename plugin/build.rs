//! Link arguments of the plugin's shared library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // A host may carry its own faiss, BLAS or OpenMP: nothing of ours may be visible to it or replace it, so
        // what comes from static archives stays local. rustc's export list says so already; this is the second
        // lock, and covers builds with other linkers and flags.
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
        // An open symbol would otherwise be found, or not, in whatever the host has loaded.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,defs");
        // No rpath: everything is linked in, except ONNX Runtime, which is loaded by absolute path.
    }
}
