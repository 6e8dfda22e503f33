//! The exports as a caller declares them.

use std::ffi::{c_char, c_int};

unsafe extern "C" {
    pub(super) fn sgemm_(
        op_a: *const c_char,
        op_b: *const c_char,
        m: &c_int,
        n: &c_int,
        k: &c_int,
        alpha: &f32,
        a: *const f32,
        lda: &c_int,
        b: *const f32,
        ldb: &c_int,
        beta: &f32,
        c: *mut f32,
        ldc: &c_int,
    );
    pub(super) fn dgemm_(
        op_a: *const c_char,
        op_b: *const c_char,
        m: &c_int,
        n: &c_int,
        k: &c_int,
        alpha: &f64,
        a: *const f64,
        lda: &c_int,
        b: *const f64,
        ldb: &c_int,
        beta: &f64,
        c: *mut f64,
        ldc: &c_int,
    );
    pub(super) fn ssyrk_(
        uplo: *const c_char,
        op: *const c_char,
        n: &c_int,
        k: &c_int,
        alpha: &f32,
        a: *const f32,
        lda: &c_int,
        beta: &f32,
        c: *mut f32,
        ldc: &c_int,
    );
    pub(super) fn sgeqrf_(
        m: &c_int,
        n: &c_int,
        a: *mut f32,
        lda: &c_int,
        tau: *mut f32,
        work: *mut f32,
        lwork: &c_int,
        info: &mut c_int,
    );
    pub(super) fn sorgqr_(
        m: &c_int,
        n: &c_int,
        k: &c_int,
        a: *mut f32,
        lda: &c_int,
        tau: *const f32,
        work: *mut f32,
        lwork: &c_int,
        info: &mut c_int,
    );
    pub(super) fn dgetrf_(m: &c_int, n: &c_int, a: *mut f64, lda: &c_int, ipiv: *mut c_int, info: &mut c_int);
    pub(super) fn dgetri_(
        n: &c_int,
        a: *mut f64,
        lda: &c_int,
        ipiv: *const c_int,
        work: *mut f64,
        lwork: &c_int,
        info: &mut c_int,
    );
    pub(super) fn sgetrf_(m: &c_int, n: &c_int, a: *mut f32, lda: &c_int, ipiv: *mut c_int, info: &mut c_int);
    pub(super) fn dsyev_(
        jobz: *const c_char,
        uplo: *const c_char,
        n: &c_int,
        a: *mut f64,
        lda: &c_int,
        w: *mut f64,
        work: *mut f64,
        lwork: &c_int,
        info: &mut c_int,
    );
    pub(super) fn sgesvd_(
        jobu: *const c_char,
        jobvt: *const c_char,
        m: &c_int,
        n: &c_int,
        a: *mut f32,
        lda: &c_int,
        s: *mut f32,
        u: *mut f32,
        ldu: &c_int,
        vt: *mut f32,
        ldvt: &c_int,
        work: *mut f32,
        lwork: &c_int,
        info: &mut c_int,
    );
    pub(super) fn sgelsd_(
        m: &c_int,
        n: &c_int,
        nrhs: &c_int,
        a: *mut f32,
        lda: &c_int,
        b: *mut f32,
        ldb: &c_int,
        s: *mut f32,
        rcond: &f32,
        rank: &mut c_int,
        work: *mut f32,
        lwork: &c_int,
        iwork: *mut c_int,
        info: &mut c_int,
    );
}
