//! Makes faiss's native needs static in everything that links this package.
//!
//! `faiss-sys` asks the linker for `blas`, `lapack`, `gomp` and the C++ library by name. Found the usual way they are
//! shared ones that a host may have loaded already, in another version and with other settings. So a search folder of
//! ours comes first. Under those names it holds:
//!
//! * `blas`: on x86-64 faster distances for processors that have AVX2 (`link/fvec_dispatch.c`), which packages use
//!   whose build scripts set the linker's `--wrap` as this one does; elsewhere nothing. BLAS and LAPACK themselves are
//!   functions of this package (`src/blas`);
//! * `lapack`: nothing;
//! * `gomp`: OpenMP for one thread (`link/omp_single.c`);
//! * with MinGW the C++ library and its threads, which Windows does not have.
//!
//! Cargo hands search folders on to every package above, so a plain `cargo build --release` is enough for the
//! plugin, the command line and the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// An archive of nothing, in the format of ar(1).
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

/// faiss's functions that `link/fvec_dispatch.c` stands in front of. Their last letter is the type of `size_t`.
const WRAPPED: [&str; 2] = [
    "_ZN5faiss10fvec_L2sqrEPKfS1_",
    "_ZN5faiss18fvec_inner_productEPKfS1_",
];

fn target(what: &str) -> String {
    env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default()
}

fn is_mingw() -> bool {
    target("OS") == "windows" && target("ENV") == "gnu"
}

/// The processors that it is for, and the linkers that have `--wrap`.
fn has_fvec_dispatch() -> bool {
    target("ARCH") == "x86_64" && (target("OS") == "linux" || is_mingw())
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=link");
    if let Err(message) = link_statically() {
        // A build script's only way to be read is to fail: its warnings are hidden in dependencies.
        panic!(
            "\n\n{message}\n\nOn Debian:  sudo apt-get install g++ cmake make\nor run:     cargo xtask setup\n\n"
        );
    }
}

fn link_statically() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    write_archive(&out, "lapack")?;
    compile("omp_single.c", "gomp")?;
    if has_fvec_dispatch() {
        compile("fvec_dispatch.c", "blas")?;
        let size = if is_mingw() { 'y' } else { 'm' };
        for function in WRAPPED {
            println!("cargo:rustc-link-arg=-Wl,--wrap={function}{size}");
        }
    } else {
        write_archive(&out, "blas")?;
    }
    if is_mingw() {
        link_cxx_of_mingw(&out)?;
    }
    println!("cargo:rustc-link-search=native={}", out.display());
    Ok(())
}

fn write_archive(out: &Path, name: &str) -> Result<(), String> {
    let file = if target("ENV") == "msvc" {
        format!("{name}.lib")
    } else {
        format!("lib{name}.a")
    };
    let path = out.join(file);
    fs::write(&path, EMPTY_ARCHIVE).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// A linker script in the place of the C++ library: its archive and that of its threads, in any order.
fn link_cxx_of_mingw(out: &Path) -> Result<(), String> {
    let compiler = cc::Build::new().get_compiler();
    let [cxx, threads] = ["libstdc++.a", "libwinpthread.a"].map(|name| archive(compiler.path(), name));
    let script = format!("GROUP(\"{}\" \"{}\")\n", cxx?.display(), threads?.display());
    let path = out.join("libstdc++.a");
    fs::write(&path, script).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// The file that the C compiler itself would find under this name in its library folders.
fn archive(compiler: &Path, name: &str) -> Result<PathBuf, String> {
    let output = Command::new(compiler)
        .arg(format!("-print-file-name={name}"))
        .output()
        .map_err(|e| format!("cannot run the C compiler {}: {e}", compiler.display()))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    let path = PathBuf::from(answer.trim());
    // A compiler that finds nothing repeats the bare name.
    match path.canonicalize() {
        Ok(found) if path.is_absolute() => Ok(found),
        _ => Err(format!("{name} is missing: Voxmeld links it statically.")),
    }
}

/// Compiles `link/<source>` to an archive called `name` and says nothing to cargo: the linker meets it through
/// the name that faiss-sys asks for, at the right place in the link order.
fn compile(source: &str, name: &str) -> Result<(), String> {
    let mut build = cc::Build::new();
    build
        .file(Path::new("link").join(source))
        .pic(true)
        .opt_level(2)
        .warnings(true)
        .extra_warnings(true)
        .cargo_metadata(false);
    if is_mingw() {
        // GCC cannot align the stack for 32-byte vectors on Windows (its bug 54412).
        build.flag("-Wa,-muse-unaligned-vector-move");
    }
    build
        .try_compile(name)
        .map_err(|e| format!("cannot compile core/link/{source}: {e}"))
}
