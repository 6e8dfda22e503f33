//! Makes faiss's native needs (`blas`, `lapack`, `gomp`) static in everything that links this package.
//!
//! `faiss-sys` asks the linker for three libraries by name. Found the usual way they are shared ones that a
//! host may have loaded already, in another version and with other settings. So a search folder of ours comes
//! first, and holds, under those names:
//!
//! * `libblas.a`, `liblapack.a`: linker scripts that stand for Debian's serial OpenBLAS (the threaded one
//!   starts threads in the host's process) and the one function of Fortran's runtime that its LAPACK calls
//!   (`link/fortran_concat.c`);
//! * `libgomp.a`: OpenMP for one thread (`link/omp_single.c`).
//!
//! Cargo hands search folders on to every package above, so a plain `cargo build --release` is enough for the
//! plugin, the command line and the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const APT_LINE: &str = "sudo apt-get install g++ cmake make libopenblas-serial-dev";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=link");
    if let Err(message) = link_statically() {
        // A build script's only way to be read is to fail: its warnings are hidden in dependencies.
        panic!("\n\n{message}\n\nOn Debian:  {APT_LINE}\nor run:     cargo xtask setup\n\n");
    }
}

fn link_statically() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    let compiler = cc::Build::new().get_compiler();

    let openblas = archive(compiler.path(), "openblas-serial/libopenblas.a")?;
    compile("omp_single.c", "gomp")?;
    compile("fortran_concat.c", "fortran_concat")?;

    // GROUP, because LAPACK and the Fortran function stand behind each other in either order.
    let script = format!(
        "GROUP(\"{}\" \"{}\")\n",
        openblas.display(),
        out.join("libfortran_concat.a").display()
    );
    for name in ["libblas.a", "liblapack.a"] {
        let path = out.join(name);
        fs::write(&path, &script).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    println!("cargo:rustc-link-search=native={}", out.display());
    Ok(())
}

/// Compiles `link/<source>` to `lib<name>.a` and says nothing to cargo: the linker meets both files through
/// the names that faiss-sys asks for, at the right place in the link order.
fn compile(source: &str, name: &str) -> Result<(), String> {
    cc::Build::new()
        .file(Path::new("link").join(source))
        .pic(true)
        .opt_level(2)
        .warnings(true)
        .extra_warnings(true)
        .cargo_metadata(false)
        .try_compile(name)
        .map_err(|e| format!("cannot compile core/link/{source}: {e}"))
}

/// The file that the C compiler itself would find under this name in its library folders.
fn archive(compiler: &Path, name: &str) -> Result<PathBuf, String> {
    let output = Command::new(compiler)
        .arg(format!("-print-file-name={name}"))
        .output()
        .map_err(|e| format!("cannot run the C compiler {}: {e}", compiler.display()))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    // A compiler that finds nothing repeats the bare name.
    let path = PathBuf::from(answer.trim());
    match path.canonicalize() {
        Ok(found) if found.is_absolute() && path.is_absolute() => {
            println!("cargo:rerun-if-changed={}", found.display());
            Ok(found)
        }
        _ => Err(format!(
            "{name} is missing: Voxmeld links it statically, so that no host's copy is ever used."
        )),
    }
}
