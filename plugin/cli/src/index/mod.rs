//! `voxmeld-cli index`: make, look at and ask indices.

mod build;
mod look;
mod npy;
mod query;

use anyhow::Result;
use clap::Subcommand;

/// Work on indices.
#[derive(Subcommand)]
pub enum Index {
    /// Build an index from recordings or from `.npy` features
    Build(build::Build),
    /// Drop recordings from an index
    Remove(build::Remove),
    /// Say what an index file is
    Info(look::Info),
    /// Check an index file: lists, repeats, what its probes find
    Check(look::Check),
    /// Search an index for the rows of a `.npy` file; writes what RVC would blend
    Query(query::Query),
}

pub fn run(command: &Index) -> Result<()> {
    match command {
        Index::Build(args) => build::run(args),
        Index::Remove(args) => build::remove(args),
        Index::Info(args) => look::info(args),
        Index::Check(args) => look::check(args),
        Index::Query(args) => query::run(args),
    }
}
