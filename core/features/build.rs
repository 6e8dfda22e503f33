//! Only so that cargo uses the build dependencies.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
