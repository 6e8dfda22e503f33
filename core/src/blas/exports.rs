//! The names, and the C types of Fortran's calling convention: every argument is a pointer, matrices lie column by
//! column, `info` is 0 for success, negative for an argument, positive for what was found in the values.
//!
//! `#[no_mangle]` would put the names into the export table of the plugin, where the host's own BLAS could take
//! their place. So each name is a jump that only the linker sees, to a function with a name of Rust's.

use std::arch::global_asm;
use std::ffi::{c_char, c_int};

use super::columns::{Columns, Value, length, to_int};
use super::eigen::eigen;
use super::factors::{inverse, lower_upper, orthogonal, reflect};
use super::least_squares::least_squares;
use super::product::{Operand, Product, symmetric};
use super::singular::singular;

/// One line of assembly for each name.
macro_rules! export {
    ($($name:literal is $function:path,)+) => {$(
        #[cfg(target_vendor = "apple")]
        global_asm!(
            concat!(".globl _", $name), concat!(".private_extern _", $name), ".p2align 4",
            concat!("_", $name, ":"), jump!(), to = sym $function,
        );
        #[cfg(windows)]
        global_asm!(
            concat!(".globl ", $name), ".p2align 4",
            concat!($name, ":"), jump!(), to = sym $function,
        );
        #[cfg(not(any(target_vendor = "apple", windows)))]
        global_asm!(
            concat!(".globl ", $name), concat!(".hidden ", $name), concat!(".type ", $name, ", @function"),
            ".p2align 4", concat!($name, ":"), jump!(), to = sym $function,
        );
    )+};
}

#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp {to}"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b {to}"
    };
}

export! {
    "sgemm_" is gemm::<f32>,
    "dgemm_" is gemm::<f64>,
    "ssyrk_" is syrk,
    "sgeqrf_" is geqrf,
    "sorgqr_" is orgqr,
    "sgetrf_" is getrf::<f32>,
    "dgetrf_" is getrf::<f64>,
    "sgetri_" is getri::<f32>,
    "dgetri_" is getri::<f64>,
    "dsyev_" is syev,
    "sgesvd_" is gesvd::<f32>,
    "dgesvd_" is gesvd::<f64>,
    "sgelsd_" is gelsd,
}

/// True. Whoever uses faiss calls it, because a linker that takes archives one after the other only takes this
/// one's functions along if something before faiss needs them.
#[inline(never)]
#[must_use]
pub fn is_linked() -> bool {
    std::hint::black_box(true)
}

/// Options are words of which the first letter counts.
///
/// # Safety
/// `option` points to a character.
unsafe fn is(option: *const c_char, letter: u8) -> bool {
    // SAFETY: the caller's promise.
    unsafe { option.cast::<u8>().read() }.eq_ignore_ascii_case(&letter)
}

/// Whether the caller only asks how much work space is needed: none beyond the one value for the answer.
///
/// # Safety
/// `lwork` and `work` point to values.
unsafe fn is_query<T: Value>(lwork: *const c_int, work: *mut T) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let is_query = *lwork == -1;
        if is_query {
            *work = T::narrow(1.0);
        }
        is_query
    }
}

// All functions below: what they point to is what the reference documentation of BLAS and LAPACK says under their
// name, which faiss keeps.

unsafe extern "C" fn gemm<T: Product>(
    op_a: *const c_char,
    op_b: *const c_char,
    m: *const c_int,
    n: *const c_int,
    k: *const c_int,
    alpha: *const T,
    a: *const T,
    lda: *const c_int,
    b: *const T,
    ldb: *const c_int,
    beta: *const T,
    c: *mut T,
    ldc: *const c_int,
) {
    // SAFETY: BLAS's contract, see above.
    unsafe {
        let a = Operand::new(a, length(*lda), !is(op_a, b'N'));
        let b = Operand::new(b, length(*ldb), !is(op_b, b'N'));
        let shape = (length(*m), length(*k), length(*n));
        T::product(shape, *alpha, a, b, *beta, c, length(*ldc));
    }
}

unsafe extern "C" fn syrk(
    uplo: *const c_char,
    op: *const c_char,
    n: *const c_int,
    k: *const c_int,
    alpha: *const f32,
    a: *const f32,
    lda: *const c_int,
    beta: *const f32,
    c: *mut f32,
    ldc: *const c_int,
) {
    // SAFETY: BLAS's contract, see above.
    unsafe {
        let a = Operand::new(a, length(*lda), !is(op, b'N'));
        let lengths = (length(*n), length(*k));
        symmetric(is(uplo, b'U'), lengths, *alpha, a, *beta, c, length(*ldc));
    }
}

unsafe extern "C" fn geqrf(
    m: *const c_int,
    n: *const c_int,
    a: *mut f32,
    lda: *const c_int,
    tau: *mut f32,
    work: *mut f32,
    lwork: *const c_int,
    info: *mut c_int,
) {
    // SAFETY: LAPACK's contract, see above.
    unsafe {
        *info = 0;
        if is_query(lwork, work) {
            return;
        }
        let (m, n) = (length(*m), length(*n));
        let mut a = Columns::new(a, m, n, length(*lda));
        let mut packed = a.to_matrix();
        let factors = reflect(&mut packed);
        a.write(&packed);
        let mut tau = Columns::new(tau, m.min(n), 1, m.min(n));
        for (to, from) in tau.column_mut(0).iter_mut().zip(factors) {
            *to = f32::narrow(from);
        }
    }
}

unsafe extern "C" fn orgqr(
    m: *const c_int,
    n: *const c_int,
    k: *const c_int,
    a: *mut f32,
    lda: *const c_int,
    tau: *const f32,
    work: *mut f32,
    lwork: *const c_int,
    info: *mut c_int,
) {
    // SAFETY: LAPACK's contract, see above; `tau` is only read.
    unsafe {
        *info = 0;
        if is_query(lwork, work) {
            return;
        }
        let k = length(*k);
        let tau = Columns::new(tau.cast_mut(), k, 1, k);
        let tau: Vec<f64> = tau.column(0).iter().map(|value| value.wide()).collect();
        let mut a = Columns::new(a, length(*m), length(*n), length(*lda));
        let q = orthogonal(&a.to_matrix(), &tau);
        a.write(&q);
    }
}

/// Square matrices only, which is what faiss inverts.
unsafe extern "C" fn getrf<T: Value>(
    m: *const c_int,
    n: *const c_int,
    a: *mut T,
    lda: *const c_int,
    ipiv: *mut c_int,
    info: *mut c_int,
) {
    // SAFETY: LAPACK's contract, see above.
    unsafe {
        if *m != *n {
            *info = -2;
            return;
        }
        let n = length(*n);
        let mut a = Columns::new(a, n, n, length(*lda));
        let mut factors = a.to_matrix();
        let (exchanges, without_pivot) = lower_upper(&mut factors);
        a.write(&factors);
        for (row, with) in exchanges.into_iter().enumerate() {
            *ipiv.add(row) = to_int(with + 1);
        }
        *info = without_pivot.map_or(0, |column| to_int(column + 1));
    }
}

unsafe extern "C" fn getri<T: Value>(
    n: *const c_int,
    a: *mut T,
    lda: *const c_int,
    ipiv: *const c_int,
    work: *mut T,
    lwork: *const c_int,
    info: *mut c_int,
) {
    // SAFETY: LAPACK's contract, see above; `ipiv` holds row numbers from 1 to n.
    unsafe {
        *info = 0;
        if is_query(lwork, work) {
            return;
        }
        let n = length(*n);
        let exchanges: Vec<usize> = (0..n)
            .map(|row| length(*ipiv.add(row)).saturating_sub(1))
            .collect();
        let mut a = Columns::new(a, n, n, length(*lda));
        match inverse(&a.to_matrix(), &exchanges) {
            Some(inverse) => a.write(&inverse),
            None => *info = to_int(n),
        }
    }
}

unsafe extern "C" fn syev(
    jobz: *const c_char,
    uplo: *const c_char,
    n: *const c_int,
    a: *mut f64,
    lda: *const c_int,
    w: *mut f64,
    work: *mut f64,
    lwork: *const c_int,
    info: *mut c_int,
) {
    // SAFETY: LAPACK's contract, see above.
    unsafe {
        *info = 0;
        if is_query(lwork, work) {
            return;
        }
        let n = length(*n);
        let mut a = Columns::new(a, n, n, length(*lda));
        let Some((values, vectors)) = eigen(a.to_matrix(), is(uplo, b'U')) else {
            *info = to_int(n.max(1));
            return;
        };
        Columns::new(w, n, 1, n).column_mut(0).copy_from_slice(&values);
        if is(jobz, b'V') {
            a.write(&vectors);
        }
    }
}

/// Both jobs "A": all of U and Vᵀ, which is what faiss asks for.
unsafe extern "C" fn gesvd<T: Value>(
    jobu: *const c_char,
    jobvt: *const c_char,
    m: *const c_int,
    n: *const c_int,
    a: *mut T,
    lda: *const c_int,
    s: *mut T,
    u: *mut T,
    ldu: *const c_int,
    vt: *mut T,
    ldvt: *const c_int,
    work: *mut T,
    lwork: *const c_int,
    info: *mut c_int,
) {
    // SAFETY: LAPACK's contract, see above.
    unsafe {
        *info = 0;
        if !is(jobu, b'A') || !is(jobvt, b'A') {
            *info = if is(jobu, b'A') { -2 } else { -1 };
            return;
        }
        if is_query(lwork, work) {
            return;
        }
        let (m, n) = (length(*m), length(*n));
        let a = Columns::new(a, m, n, length(*lda));
        let Some(found) = singular(a.to_matrix()) else {
            *info = to_int(m.min(n).max(1));
            return;
        };
        let mut s = Columns::new(s, m.min(n), 1, m.min(n));
        for (to, from) in s.column_mut(0).iter_mut().zip(found.values) {
            *to = T::narrow(from);
        }
        Columns::new(u, m, m, length(*ldu)).write(&found.u);
        Columns::new(vt, n, n, length(*ldvt)).write(&found.v_transposed);
    }
}

/// The singular values in `s` are not written, which faiss does not read.
unsafe extern "C" fn gelsd(
    m: *const c_int,
    n: *const c_int,
    nrhs: *const c_int,
    a: *mut f32,
    lda: *const c_int,
    b: *mut f32,
    ldb: *const c_int,
    _s: *mut f32,
    rcond: *const f32,
    rank: *mut c_int,
    work: *mut f32,
    lwork: *const c_int,
    _iwork: *mut c_int,
    info: *mut c_int,
) {
    // SAFETY: LAPACK's contract, see above: `b` has room for the longer of right sides and solutions.
    unsafe {
        *info = 0;
        if is_query(lwork, work) {
            return;
        }
        let (m, n) = (length(*m), length(*n));
        let a = Columns::new(a, m, n, length(*lda)).to_matrix();
        let mut b = Columns::new(b, m.max(n), length(*nrhs), length(*ldb));
        let right = b.to_matrix().rows_range(..m).into_owned();
        let smallest = if *rcond < 0.0 { f32::EPSILON } else { *rcond };
        let Some((solution, found)) = least_squares(&a, &right, f64::from(smallest)) else {
            *info = to_int(n.max(1));
            return;
        };
        *rank = to_int(found);
        // Below the solution LAPACK leaves values whose squares add up to the residual's.
        let residual = right - a * &solution;
        let mut all = solution.resize_vertically(m.max(n), 0.0);
        if m > n {
            for (mut to, from) in all.column_iter_mut().zip(residual.column_iter()) {
                to[n] = from.norm();
            }
        }
        b.write(&all);
    }
}
