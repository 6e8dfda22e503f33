//! Makes faiss's native needs (`blas`, `lapack`, `gomp`) static in everything that links this package.
//!
//! `faiss-sys` asks the linker for three libraries by name. Found the usual way they are shared ones that a
//! host may have loaded already, in another version and with other settings. So a search folder of ours comes
//! first, and holds, under those names:
//!
//! * `libblas.a`, `liblapack.a`: linker scripts that stand for Debian's serial OpenBLAS (the threaded one
//!   starts threads in the host's process), made safe for several callers (`link/blas_lock.c`), and for the one
//!   function of Fortran's runtime that its LAPACK calls (`link/fortran_concat.c`);
//! * `libgomp.a`: OpenMP for one thread (`link/omp_single.c`).
//!
//! On x86-64 Linux the first also holds faster distances for processors that have AVX2 (`link/fvec_dispatch.c`).
//! They are used by packages whose build scripts set the linker's `--wrap` as this one does.
//!
//! Cargo hands search folders on to every package above, so a plain `cargo build --release` is enough for the
//! plugin, the command line and the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const APT_LINE: &str = "sudo apt-get install g++ cmake make binutils libopenblas-serial-dev";

/// The member of OpenBLAS's archive that holds its table of work buffers.
const BUFFERS: &str = "memory.o";

/// faiss's functions that `link/fvec_dispatch.c` stands in front of.
const WRAPPED: [&str; 2] = [
    "_ZN5faiss10fvec_L2sqrEPKfS1_m",
    "_ZN5faiss18fvec_inner_productEPKfS1_m",
];

/// The processors that it is for, and the linkers that have `--wrap`.
fn has_fvec_dispatch() -> bool {
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}"));
    target("ARCH").as_deref() == Ok("x86_64") && target("OS").as_deref() == Ok("linux")
}

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
    println!("cargo:rerun-if-changed={}", openblas.display());
    let unlocked = with_renamed_buffer_functions(&openblas, &out)?;
    compile("blas_lock.c", "blas_lock")?;
    compile("fortran_concat.c", "fortran_concat")?;
    compile("omp_single.c", "gomp")?;
    let mut archives = vec![
        unlocked,
        out.join("libblas_lock.a"),
        out.join("libfortran_concat.a"),
    ];
    if has_fvec_dispatch() {
        compile("fvec_dispatch.c", "fvec_dispatch")?;
        archives.push(out.join("libfvec_dispatch.a"));
        for function in WRAPPED {
            println!("cargo:rustc-link-arg=-Wl,--wrap={function}");
        }
    }

    // GROUP, because they stand behind each other in any order.
    let quoted: Vec<String> = archives
        .iter()
        .map(|archive| format!("\"{}\"", archive.display()))
        .collect();
    let script = format!("GROUP({})\n", quoted.join(" "));
    for name in ["libblas.a", "liblapack.a"] {
        let path = out.join(name);
        fs::write(&path, &script).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    println!("cargo:rustc-link-search=native={}", out.display());
    Ok(())
}

/// Compiles `link/<source>` to `lib<name>.a` and says nothing to cargo: the linker meets these archives through
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

/// A copy of OpenBLAS in which the unlocked buffer functions have the names that `blas_lock.c` calls.
fn with_renamed_buffer_functions(openblas: &Path, out: &Path) -> Result<PathBuf, String> {
    let copy = out.join("libopenblas_unlocked.a");
    // Not fs::copy: it would take over permissions with which the copy cannot be changed.
    let bytes = fs::read(openblas).map_err(|e| format!("cannot read {}: {e}", openblas.display()))?;
    fs::write(&copy, bytes).map_err(|e| format!("cannot write {}: {e}", copy.display()))?;

    let mut rename = Command::new("objcopy");
    for function in ["blas_memory_alloc", "blas_memory_free"] {
        rename.arg(format!("--redefine-sym={function}=voxmeld_unlocked_{function}"));
    }
    run(Command::new("ar").arg("x").arg(&copy).arg(BUFFERS), out)?;
    run(rename.arg(BUFFERS), out)?;
    run(Command::new("ar").arg("rs").arg(&copy).arg(BUFFERS), out)?;
    Ok(copy)
}

fn run(command: &mut Command, folder: &Path) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .current_dir(folder)
        .output()
        .map_err(|e| format!("cannot run {program}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} failed on OpenBLAS's archive: {}", said.trim()))
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
        _ => Err(format!(
            "{name} is missing: Voxmeld links it statically, so that no host's copy is ever used."
        )),
    }
}
